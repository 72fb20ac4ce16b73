import fc from "fast-check";
import { expect, it } from "vitest";
import { belongsTo, isUploadId, newUploadId } from "../../src/content/upload-id.ts";
import { parseRepositoryName } from "../../src/oci/repository-name.ts";

const repository = fc.constantFrom("a", "a/b", "shop/web").map((name) => parseRepositoryName(name));
const owner = fc.record({ repository, actor: fc.constantFrom("", "ann", "bob", "robot+ci", "b") });

it("an upload belongs to whom its id was made for, and to nobody else", () => {
  fc.assert(
    fc.property(owner, owner, (mine, other) => {
      const id = newUploadId(mine);
      expect(isUploadId(id)).toBe(true);
      expect(belongsTo(id, mine)).toBe(true);
      const isMine = mine.repository === other.repository && mine.actor === other.actor;
      expect(belongsTo(id, other)).toBe(isMine);
    }),
  );
});

it("an id is a UUID of version 8, and never the same", () => {
  const ids = Array.from({ length: 100 }, () =>
    newUploadId({ repository: parseRepositoryName("a"), actor: "ann" }),
  );
  expect(new Set(ids).size).toBe(100);
  for (const id of ids)
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-/);
});

it("an id that another program made belongs to nobody", () => {
  const id = "123e4567-e89b-42d3-a456-426614174000";
  expect(isUploadId(id) && belongsTo(id, { repository: parseRepositoryName("a"), actor: "" })).toBe(
    false,
  );
});
