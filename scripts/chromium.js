// Chromium for the tests of the pages: installed where that is one command, else its absence is said in one line.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";

const INSTALL_SECONDS = 240;
const UPDATE_SECONDS = 60;
const PLACES = JSON.parse(readFileSync(new URL("./chromium-places.json", import.meta.url), "utf8"));

/** Never fails: without Chromium its tests are left out, and say so. @param places where it may be */
export function ensureChromium(places = [process.env.CHROMIUM, ...PLACES]) {
  if (places.some((path) => path !== undefined && existsSync(path))) return;
  const missing = whyNotHere();
  if (missing !== undefined) {
    console.log(
      `No Chromium here, and not installed (${missing}): the pages' tests in a browser are left out.`,
    );
    return;
  }
  console.log("Installing Chromium for the pages' tests (apt-get install chromium) ...");
  const started = Date.now();
  const tryIt = () => apt(["install", "-y", "--no-install-recommends", "chromium"], INSTALL_SECONDS);
  // A container's lists of packages may be missing or old.
  const isInstalled = tryIt() || (apt(["update"], UPDATE_SECONDS) && tryIt());
  console.log(
    isInstalled
      ? `Installed in ${((Date.now() - started) / 1000).toFixed(0)} s.`
      : "apt-get could not install Chromium: the pages' tests in a browser are left out.",
  );
}

/** Ubuntu's package of this name is a stub that asks for snap; elsewhere it has other names. */
function whyNotHere() {
  if (process.platform !== "linux" || !/^ID=debian$/m.test(osRelease()))
    return "only Debian's package is known";
  if (process.getuid() !== 0) return "only root may install; as root: apt-get install chromium";
  return undefined;
}

function osRelease() {
  try {
    return readFileSync("/etc/os-release", "utf8");
  } catch {
    return "";
  }
}

function apt(args, timeoutSeconds) {
  const { status } = spawnSync("apt-get", args, {
    stdio: "ignore",
    timeout: 1000 * timeoutSeconds,
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
  });
  return status === 0;
}
