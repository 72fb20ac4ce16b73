import type { Digest } from "../../oci/digest.ts";
import type { CallOptions } from "../../storage/storage-driver.ts";
import { BlobBroken, type BlobMaker, NoRecipe } from "../cold/blob-maker.ts";
import { bytesOf, type InventoryDeps, listAbsent, listCold } from "./cold-inventory.ts";
import type { BrokenBlob, Watch } from "./watching.ts";

export interface VerifyColdOptions extends InventoryDeps, CallOptions {
  readonly maker: Pick<BlobMaker, "whole">;
  /** Whether what is broken is set aside, so that nobody is promised it. */
  readonly setsAside: boolean;
  readonly watch: Watch;
}

export interface VerifiedCold {
  /** Blobs that were made, and are what their digest says; */
  readonly verified: number;
  /** and their bytes. */
  readonly bytes: number;
  readonly broken: readonly BrokenBlob[];
  /** Those that had been set aside before. */
  readonly quarantined: readonly Digest[];
}

/** Makes every cold blob again, and keeps nothing of it. @throws {StorageError} */
export async function verifyCold(options: VerifyColdOptions): Promise<VerifiedCold> {
  const quarantined = await listAbsent(options, options);
  const cold = await listCold(options, options);
  const onBytes = options.watch(bytesOf(cold));
  const broken: BrokenBlob[] = [];
  let verified = 0;
  let bytes = 0;
  for (const { digest, sizeBytes } of cold) {
    const outcome = await verify(digest, options, onBytes);
    if (outcome === "whole") {
      verified += 1;
      bytes += sizeBytes;
    } else if (outcome !== "gone") broken.push(outcome);
  }
  return { verified, bytes, broken, quarantined };
}

/** @returns `gone` for a blob that was deleted meanwhile. */
async function verify(
  digest: Digest,
  { maker, recipes, setsAside, signal }: VerifyColdOptions,
  onBytes: (bytes: number) => void,
): Promise<"whole" | "gone" | BrokenBlob> {
  try {
    for await (const { length } of maker.whole(digest, { signal })) onBytes(length);
    return "whole";
  } catch (error) {
    if (error instanceof NoRecipe) return "gone";
    if (!(error instanceof BlobBroken)) throw error;
    if (setsAside) await recipes.quarantine(digest, { signal });
    return { digest, reason: error.reason };
  }
}
