/** Layers that clients fetch from elsewhere: taken by their URLs, never fetched, never asked for. */
import {
  absentDigest,
  documentOf,
  DOCKER_CONFIG,
  DOCKER_IMAGE,
  descriptorOf,
  imageManifest,
  newBlob,
  type Descriptor,
} from "../documents.ts";
import { expectContent, expectError, expectStatus } from "../expectations.ts";
import { rowsOf, type Row } from "../row.ts";

const OCI_NON_DISTRIBUTABLE = "application/vnd.oci.image.layer.nondistributable.v1.tar";
const DOCKER_FOREIGN = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip";

/** A layer that is only a promise. */
function elsewhere(mediaType: string, url = "https://store.example.com/layer"): Descriptor {
  return { mediaType, digest: absentDigest(), size: 12_345, urls: [url] };
}

export const nonDistributableRows: readonly Row[] = rowsOf("non-distributable layers", {
  "an OCI image may name them without bringing them": async ({ repository }) => {
    const { config, layers } = await repository.pushImageBlobs();
    const away = ["", "+gzip", "+zstd"].map((suffix) =>
      elsewhere(`${OCI_NON_DISTRIBUTABLE}${suffix}`),
    );
    const image = imageManifest({ config, layers: [...away, ...layers] });
    expectStatus(await repository.putManifest(image, "away"), 201);
    expectContent(await repository.getManifest("away"), image);
  },
  "a Docker image may name foreign layers without bringing them": async ({ repository }) => {
    const config = descriptorOf(await repository.pushBlob(newBlob(90)), DOCKER_CONFIG);
    const layers = [elsewhere(DOCKER_FOREIGN)];
    const value = { schemaVersion: 2, mediaType: DOCKER_IMAGE, config, layers };
    const image = documentOf(DOCKER_IMAGE, value);
    expectStatus(await repository.putManifest(image, "away"), 201);
    expectContent(await repository.getManifest("away"), image, DOCKER_IMAGE);
  },
  "their URLs may only be http or https": async ({ repository }) => {
    const { config } = await repository.pushImageBlobs();
    const layers = [elsewhere(`${OCI_NON_DISTRIBUTABLE}+gzip`, "file:///etc/passwd")];
    const image = imageManifest({ config, layers });
    expectError(await repository.putManifest(image, "away"), 400, "MANIFEST_INVALID");
    expectStatus(await repository.getManifest("away"), 404);
  },
  "an ordinary layer with URLs must be brought all the same": async ({ repository }) => {
    const { config, layers } = await repository.pushImageBlobs();
    const [layer] = layers;
    const urls = ["https://store.example.com/layer"];
    const absent = { ...layer, digest: absentDigest(), urls } as Descriptor;
    const image = imageManifest({ config, layers: [absent] });
    const answer = await repository.putManifest(image, "away");
    expectError(answer, [400, 404], "MANIFEST_BLOB_UNKNOWN", "MANIFEST_INVALID");
    expectStatus(await repository.getManifest("away"), 404);
  },
});
