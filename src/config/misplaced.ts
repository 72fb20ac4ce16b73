/** Keys of Barge's own that stand somewhere else than below `barge:`. */
import type { Shape } from "./shape.ts";

/**
 * @param path of a key that is no setting where it stands.
 * @returns where it would be one: `barge.access` for `access` and for `barge.auth.access`.
 */
export function placeBelowBarge(path: string, shape: Shape): string | undefined {
  const [, parent = "", key = ""] = /^(|barge\.(?:\w+\.)*)(\w+)$/.exec(path) ?? [];
  const barge = shape.kind === "map" ? shape.fields.get("barge")?.shape : undefined;
  const isThere = barge?.kind === "map" && barge.fields.has(key);
  return isThere && parent !== "barge." ? `barge.${key}` : undefined;
}
