// Programs that some tests need and npm does not bring: installed where that is one command.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";

const INSTALL_SECONDS = 240;
const UPDATE_SECONDS = 60;

/**
 * Installs Debian packages where root may.
 * @param what they are for people: "Chromium for the pages' tests"
 * @param packages their names
 * @returns undefined when they are there now, else why not, in a few words.
 */
export function installPackages(what, packages) {
  const missing = whyNotHere(packages);
  if (missing !== undefined) return missing;
  console.log(`Installing ${what} (apt-get install ${packages.join(" ")}) ...`);
  const started = Date.now();
  const tryIt = () => apt(["install", "-y", "--no-install-recommends", ...packages], INSTALL_SECONDS);
  // A container's lists of packages may be missing or old.
  const isInstalled = tryIt() || (apt(["update"], UPDATE_SECONDS) && tryIt());
  if (!isInstalled) return `apt-get could not install ${packages.join(", ")}`;
  console.log(`Installed in ${((Date.now() - started) / 1000).toFixed(0)} s.`);
  return undefined;
}

/** Ubuntu's packages of these names may be stubs that ask for snap; elsewhere they have other names. */
function whyNotHere(packages) {
  if (process.platform !== "linux" || !/^ID=debian$/m.test(osRelease()))
    return "only Debian's packages are known";
  if (process.getuid() !== 0) return `only root may install; as root: apt-get install ${packages.join(" ")}`;
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
