/**
 * Flags as programs written in Go take them: `--dry-run=true`, `-d=false`, `--tls-verify=false`. Scripts
 * for the reference registry, podman and skopeo write them so.
 */

/** The flags of the reference's command line that are either there or not. */
const SWITCHES = new Set([
  "--dry-run",
  "-d",
  "--delete-untagged",
  "-m",
  "--quiet",
  "-q",
  "--version",
  "-v",
]);
const TRUE = new Set(["true", "1", "t"]);
const FALSE = new Set(["false", "0", "f"]);

/**
 * A switch with a value becomes a plain one, or nothing; any other word stays as it is. `--tls-verify`,
 * which stands for itself where it is not denied, becomes `--insecure` or nothing.
 */
export function withoutSwitchValues(words: readonly string[]): readonly string[] {
  return words.flatMap((word) => {
    const [name = "", value = "", ...more] = word.split("=");
    if (name === "--tls-verify") return FALSE.has(value.toLowerCase()) ? ["--insecure"] : [];
    if (!SWITCHES.has(name) || more.length > 0) return [word];
    if (TRUE.has(value.toLowerCase())) return [name];
    return FALSE.has(value.toLowerCase()) ? [] : [word];
  });
}
