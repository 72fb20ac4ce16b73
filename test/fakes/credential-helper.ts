import { chmod, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

export interface HelperPlaces {
  /** To be the `PATH` of whoever calls it. */
  readonly path: string;
  /** What it was called with: a line for each call, the action and its input. */
  readonly journal: string;
  /** Holds what it keeps, a file for each server. */
  readonly kept: string;
}

/** Writes a program `docker-credential-NAME` that keeps what it is given in files. */
export async function writeCredentialHelper(folder: string, name: string): Promise<HelperPlaces> {
  const places = {
    path: `${join(folder, "bin")}:/usr/bin:/bin`,
    journal: join(folder, "journal"),
    kept: join(folder, "kept"),
  };
  await mkdir(join(folder, "bin"), { recursive: true });
  await mkdir(places.kept, { recursive: true });
  const script = `#!/bin/sh
input=$(cat)
echo "$1 $input" >>"${places.journal}"
case $1 in
  store)
    server=$(printf '%s' "$input" | sed 's/.*"ServerURL":"\\([^"]*\\)".*/\\1/')
    printf '%s' "$input" >"${places.kept}/$server" ;;
  get)
    [ -f "${places.kept}/$input" ] || { echo "credentials not found in native keychain"; exit 1; }
    cat "${places.kept}/$input" ;;
  erase)
    rm "${places.kept}/$input" ;;
esac
`;
  const program = join(folder, "bin", `docker-credential-${name}`);
  await writeFile(program, script);
  await chmod(program, 0o755);
  return places;
}
