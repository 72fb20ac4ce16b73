// Completes package-lock.json with the optional packages of other platforms.
//
// A package mirror may not serve packages for platforms it does not know; npm then leaves them out
// of the lock file, and `npm ci` refuses that lock file everywhere. This adds the missing entries
// from what each parent declares, with the platform each name tells. Run after `npm install`.
import { readFileSync, writeFileSync } from "node:fs";

const OS = [
  "linux",
  "darwin",
  "win32",
  "freebsd",
  "android",
  "openbsd",
  "netbsd",
  "sunos",
  "aix",
  "openharmony",
];
const CPU = [
  "x64",
  "arm64",
  "arm",
  "ia32",
  "ppc64",
  "ppc64le",
  "riscv64",
  "s390x",
  "loong64",
  "mips64el",
  "wasm32",
];

const file = new URL("../package-lock.json", import.meta.url);
const lock = JSON.parse(readFileSync(file, "utf8"));
let added = 0;
for (const [path, entry] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    if (isLocked(path, name)) continue;
    lock.packages[`node_modules/${name}`] = { version, ...platformOf(name), optional: true };
    added += 1;
  }
}
const root = lock.packages[""];
const sorted = Object.keys(lock.packages)
  .filter((path) => path !== "")
  .toSorted(byCodePoint);
lock.packages = {
  "": root,
  ...Object.fromEntries(sorted.map((path) => [path, lock.packages[path]])),
};
writeFileSync(file, `${JSON.stringify(lock, undefined, 2)}\n`);
console.log(`package-lock.json: ${added} entries added`);

function isLocked(path, name) {
  return `node_modules/${name}` in lock.packages || `${path}/node_modules/${name}` in lock.packages;
}

function platformOf(name) {
  const words = name.split(/[-/]/);
  const cpu = words.filter(
    (word) => CPU.includes(word === "armv7" ? "arm" : word) || word === "armv7",
  );
  const os = words
    .map((word) => (word === "win" ? "win32" : word))
    .filter((word) => OS.includes(word));
  return {
    ...(cpu.length > 0 && { cpu: cpu.map((word) => (word === "armv7" ? "arm" : word)) }),
    ...(os.length > 0 && { os: [...new Set(os)] }),
  };
}

function byCodePoint(left, right) {
  return left < right ? -1 : Number(left > right);
}
