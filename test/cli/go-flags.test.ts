import { expect, it } from "vitest";
import { withoutSwitchValues } from "../../src/cli/go-flags.ts";

it.each([
  [
    ["-m=true", "c.yml"],
    ["-m", "c.yml"],
  ],
  [
    ["--delete-untagged=true", "--dry-run=false", "c.yml"],
    ["--delete-untagged", "c.yml"],
  ],
  [
    ["--dry-run=T", "-q=1", "-d=0"],
    ["--dry-run", "-q"],
  ],
  [["--dry-run=maybe"], ["--dry-run=maybe"]],
  [
    ["--config=true", "--dry-run", "a=b"],
    ["--config=true", "--dry-run", "a=b"],
  ],
  [
    ["--tls-verify=false", "x", "--tls-verify=0"],
    ["--insecure", "x", "--insecure"],
  ],
  [["--tls-verify=true", "--tls-verify", "x"], ["x"]],
])("withoutSwitchValues() makes of %j %j", (words, expected) => {
  expect(withoutSwitchValues(words)).toEqual(expected);
});
