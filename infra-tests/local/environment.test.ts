import { afterEach, expect, test, vi } from "vitest";
import { childEnvironment, clientEnvironment, isLoopback, serverEnvironment } from "./environment.ts";

afterEach(() => {
  vi.unstubAllEnvs();
});

test.each(["http://127.0.0.1:4566", "http://127.8.9.1:1", "http://localhost:4566", "http://[::1]:4566"])(
  "%s is on this machine",
  (endpoint) => {
    expect(isLoopback(endpoint)).toBe(true);
  },
);

test.each([
  undefined,
  "",
  "127.0.0.1:4566",
  "https://sqs.us-east-1.amazonaws.com",
  "http://127.0.0.1.example.com",
  "http://localhost.example.com",
  "http://example.com/127.0.0.1",
  "http://10.0.0.1:4566",
])("%s is not on this machine", (endpoint) => {
  expect(isLoopback(endpoint)).toBe(false);
});

test("a cloud sees nothing of the person's environment but the path", () => {
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "real");
  vi.stubEnv("HTTPS_PROXY", "http://proxy");
  const environment = serverEnvironment("/somewhere");
  expect(Object.values(environment)).not.toContain("real");
  expect(environment).not.toHaveProperty("HTTPS_PROXY");
  expect(environment["HOME"]).toBe("/somewhere");
});

test("a child has the local keys and none of the person's AWS variables", () => {
  vi.stubEnv("AWS_PROFILE", "production");
  vi.stubEnv("AWS_SESSION_TOKEN", "real");
  vi.stubEnv("MARINA_SOMETHING", "kept");
  const environment = childEnvironment(clientEnvironment("http://127.0.0.1:1"));
  expect(environment).not.toHaveProperty("AWS_PROFILE");
  expect(environment).not.toHaveProperty("AWS_SESSION_TOKEN");
  expect(environment).toMatchObject({ AWS_ACCESS_KEY_ID: "test", MARINA_SOMETHING: "kept" });
});

test("both ways of naming an endpoint name the same one", () => {
  const environment = clientEnvironment("http://127.0.0.1:7");
  expect([environment["AWS_ENDPOINT_URL"], environment["AWS_ENDPOINT_URL_S3"]]).toEqual([
    "http://127.0.0.1:7",
    "http://127.0.0.1:7",
  ]);
});
