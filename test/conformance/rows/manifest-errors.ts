/** Manifests that a registry must refuse, and what it says to them. */
import {
  absentDigest,
  blobOf,
  descriptorOf,
  documentOf,
  imageIndex,
  imageManifest,
  newBlob,
  OCI_IMAGE,
  OCI_INDEX,
  OCI_LAYER_GZIP,
  type ManifestDocument,
} from "../documents.ts";
import { expectContent, expectError, expectStatus } from "../expectations.ts";
import { rowsOf, type Row, type RowBody, type RowContext } from "../row.ts";

const MISSING_STATUS = [400, 404];

export const manifestErrorRows: readonly Row[] = rowsOf("manifest errors", {
  ...absent(),
  ...digests(),
  ...contents(),
  ...references(),
  ...sizes(),
});

function absent(): Record<string, RowBody> {
  return {
    "GET by an unknown tag answers 404 MANIFEST_UNKNOWN": async ({ repository }) => {
      await repository.pushImage("present");
      expectError(await repository.getManifest("missing"), 404, "MANIFEST_UNKNOWN");
    },
    "GET by an unknown digest answers 404 MANIFEST_UNKNOWN": async ({ repository }) => {
      await repository.pushImage("present");
      expectError(await repository.getManifest(absentDigest()), 404, "MANIFEST_UNKNOWN");
    },
    "GET by an unknown sha512 digest answers 404 MANIFEST_UNKNOWN": async ({ repository }) => {
      await repository.pushImage("present");
      expectError(await repository.getManifest(absentDigest("sha512")), 404, "MANIFEST_UNKNOWN");
    },
    "GET in a repository that is not there answers 404": async ({ repository }) => {
      expectError(await repository.getManifest("latest"), 404, "MANIFEST_UNKNOWN", "NAME_UNKNOWN");
    },
    "HEAD of what is not there answers 404": async ({ repository }) => {
      const image = await repository.pushImage("present");
      expectStatus(await repository.headManifest("missing"), 404);
      expectStatus(await repository.headManifest(absentDigest()), 404);
      expectContent(await repository.headManifest("present"), image);
    },
  };
}

function digests(): Record<string, RowBody> {
  return {
    "PUT by a digest that is not its own answers 400 DIGEST_INVALID and stores nothing": async ({
      repository,
    }) => {
      const image = imageManifest(await repository.pushImageBlobs());
      const padded = { ...image, bytes: Buffer.concat([image.bytes, Buffer.from("  ")]) };
      expectError(await repository.putManifest(padded), 400, "DIGEST_INVALID");
      expectStatus(await repository.getManifest(image.digest), 404);
      expectStatus(await repository.getManifest(blobOf(padded.bytes).digest), 404);
    },
    "PUT by a sha512 digest that is not its own answers 400 DIGEST_INVALID": async ({
      repository,
    }) => {
      const image = imageManifest(await repository.pushImageBlobs());
      const wrong = absentDigest("sha512");
      expectError(await repository.putManifest(image, wrong), 400, "DIGEST_INVALID");
      expectStatus(await repository.getManifest(wrong), 404);
    },
    "PUT by a malformed digest answers 400": async ({ repository }) => {
      const image = imageManifest(await repository.pushImageBlobs());
      expectError(
        await repository.putManifest(image, "sha256:baddigeststring"),
        400,
        "DIGEST_INVALID",
      );
    },
    "PUT by an unknown algorithm answers 400": async ({ repository }) => {
      const image = imageManifest(await repository.pushImageBlobs());
      expectError(
        await repository.putManifest(image, `md5:${"0".repeat(32)}`),
        400,
        "DIGEST_INVALID",
      );
    },
    "GET by a malformed digest answers 400 or 404": async ({ repository }) => {
      const answer = await repository.getManifest("sha256:baddigeststring");
      expectError(answer, [400, 404], "DIGEST_INVALID", "MANIFEST_UNKNOWN");
    },
  };
}

function contents(): Record<string, RowBody> {
  const refuse = (
    statement: string,
    make: (context: RowContext) => Promise<ManifestDocument>,
  ): [string, RowBody] => [
    `${statement} answers 400 MANIFEST_INVALID and stores nothing`,
    async (context) => {
      const document = await make(context);
      expectError(await context.repository.putManifest(document, "bad"), 400, "MANIFEST_INVALID");
      expectStatus(await context.repository.getManifest("bad"), 404);
      expectStatus(await context.repository.getManifest(blobOf(document.bytes).digest), 404);
    },
  ];
  const withImage =
    (members: Record<string, unknown>) =>
    async ({ repository }: RowContext) =>
      imageManifest({ ...(await repository.pushImageBlobs()), members });
  const literally = (text: string) => async () => documentOf(OCI_IMAGE, {}, { text });
  return Object.fromEntries([
    refuse("PUT of an empty body", literally("")),
    refuse("PUT of what is not JSON", literally("{ not json")),
    refuse("PUT of an empty object", literally("{}")),
    refuse("PUT of a list", literally("[]")),
    refuse("PUT of null", literally("null")),
    refuse("PUT with schemaVersion 1", withImage({ schemaVersion: 1 })),
    refuse("PUT without schemaVersion", withImage({ schemaVersion: undefined })),
    refuse(
      "PUT with a mediaType that is not the Content-Type",
      withImage({ mediaType: OCI_INDEX }),
    ),
    refuse("PUT of an image that has manifests as well", withImage({ manifests: [] })),
    refuse("PUT of an index that has layers as well", async ({ repository }) => {
      const { config, layers } = await repository.pushImageBlobs();
      return imageIndex({ manifests: [], members: { config, layers } });
    }),
    refuse("PUT with application/json as the type", async (context) => ({
      ...(await withImage({})(context)),
      mediaType: "application/json",
    })),
    refuse("PUT of a document that names a member twice", async ({ repository }) => {
      const { config, layers } = await repository.pushImageBlobs();
      const once = JSON.stringify({ schemaVersion: 2, mediaType: OCI_IMAGE, config, layers });
      return documentOf(OCI_IMAGE, {}, { text: `${once.slice(0, -1)},"layers":[]}` });
    }),
    refuse("PUT with layers that are no list", withImage({ layers: {} })),
    refuse("PUT with a size that is negative", async ({ repository }) => {
      const parts = await repository.pushImageBlobs();
      return imageManifest({
        ...parts,
        layers: parts.layers.map((layer) => ({ ...layer, size: -1 })),
      });
    }),
  ]);
}

function references(): Record<string, RowBody> {
  return {
    "PUT of an image whose layer is not there answers MANIFEST_BLOB_UNKNOWN": async ({
      repository,
    }) => {
      const { config } = await repository.pushImageBlobs();
      const image = imageManifest({ config, layers: [descriptorOf(newBlob(10), OCI_LAYER_GZIP)] });
      expectError(
        await repository.putManifest(image, "bad"),
        MISSING_STATUS,
        "MANIFEST_BLOB_UNKNOWN",
      );
      expectStatus(await repository.getManifest("bad"), 404);
    },
    "PUT of an image whose config is not there answers MANIFEST_BLOB_UNKNOWN": async ({
      repository,
    }) => {
      const { config, layers } = await repository.pushImageBlobs();
      const image = imageManifest({ config: { ...config, digest: absentDigest() }, layers });
      expectError(
        await repository.putManifest(image, "bad"),
        MISSING_STATUS,
        "MANIFEST_BLOB_UNKNOWN",
      );
      expectStatus(await repository.getManifest("bad"), 404);
    },
    "PUT of an image whose layer lies in another repository only answers MANIFEST_BLOB_UNKNOWN":
      async ({ repository, another }) => {
        const { config } = await repository.pushImageBlobs();
        const { layers } = await another().pushImageBlobs();
        const image = imageManifest({ config, layers });
        expectError(
          await repository.putManifest(image, "bad"),
          MISSING_STATUS,
          "MANIFEST_BLOB_UNKNOWN",
        );
      },
    "PUT of an image that names a malformed digest answers 400": async ({ repository }) => {
      const { config } = await repository.pushImageBlobs();
      const layer = { mediaType: OCI_LAYER_GZIP, digest: "sha256:../../etc", size: 1 };
      const image = imageManifest({ config, layers: [layer] });
      const codes = ["MANIFEST_INVALID", "DIGEST_INVALID", "MANIFEST_BLOB_UNKNOWN"];
      expectError(await repository.putManifest(image, "bad"), 400, ...codes);
    },
    "PUT by a tag of 129 characters is refused": async ({ repository }) => {
      const image = await repository.pushImage("good");
      expectStatus(await repository.putManifest(image, "a".repeat(128)), 201);
      expectStatus(await repository.putManifest(image, "a".repeat(129)), 400, 404);
    },
    "PUT by a tag that begins with a dot is refused": async ({ repository }) => {
      const image = await repository.pushImage("good");
      expectStatus(await repository.putManifest(image, ".hidden"), 400, 404);
      expectStatus(await repository.putManifest(image, "_open"), 201);
    },
  };
}

function sizes(): Record<string, RowBody> {
  const tooLarge = Buffer.alloc(4 * 1024 * 1024 + 1, " ");
  return {
    "a body of 4 MiB and a byte answers 413 with an error in JSON": async ({ repository }) => {
      const document = { ...blobOf(tooLarge), mediaType: OCI_IMAGE };
      expectError(
        await repository.putManifest(document, "large"),
        413,
        "MANIFEST_INVALID",
        "SIZE_INVALID",
      );
      await repository.pushImage("next");
    },
    "a body of 4 MiB and a byte without a length answers 413": async ({ repository }) => {
      const parts = { headers: { "content-type": OCI_IMAGE }, body: [tooLarge] };
      const answer = await repository.send("PUT", "manifests/large", parts);
      expectError(answer, 413, "MANIFEST_INVALID", "SIZE_INVALID");
      await repository.pushImage("next");
    },
  };
}
