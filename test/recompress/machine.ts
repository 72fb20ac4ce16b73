import { cpus, totalmem } from "node:os";
import { arch, platform, version } from "node:process";

/** @returns what a table of measurements has to say of this machine, in one line. */
export function machineText(): string {
  const [cpu] = cpus();
  const memory = (totalmem() / 1024 ** 3).toFixed(0);
  return `${cpus().length} cores of ${cpu?.model.trim() ?? "an unknown kind"}, ${memory} GiB, ${platform} ${arch}, Node ${version}`;
}
