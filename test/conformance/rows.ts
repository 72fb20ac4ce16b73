/** All rows of the suite, in the order in which they are listed. */
import type { Row } from "./row.ts";
import { baseRows } from "./rows/base.ts";
import { blobRows } from "./rows/blobs.ts";
import { catalogRows } from "./rows/catalog.ts";
import { chunkedRows } from "./rows/chunked.ts";
import { conditionalManifestRows } from "./rows/conditional-manifests.ts";
import { connectionRows } from "./rows/connections.ts";
import { dataSetRows } from "./rows/data-sets.ts";
import { deletesOffRows, manifestDeleteRows } from "./rows/manifest-deletes.ts";
import { manifestErrorRows } from "./rows/manifest-errors.ts";
import { manifestRows } from "./rows/manifests.ts";
import { mountRows } from "./rows/mount.ts";
import { nameRows } from "./rows/names.ts";
import { nonDistributableRows } from "./rows/non-distributable.ts";
import { rangeRows } from "./rows/ranges.ts";
import { referrerRows } from "./rows/referrers.ts";
import { tagParameterRows, tagRows } from "./rows/tags.ts";
import { uploadErrorRows } from "./rows/upload-errors.ts";
import { uploadRows } from "./rows/uploads.ts";

/** For a registry with deletes switched on, empty or not. */
export const ROWS: readonly Row[] = [
  ...baseRows,
  ...nameRows,
  ...blobRows,
  ...chunkedRows,
  ...rangeRows,
  ...uploadRows,
  ...uploadErrorRows,
  ...mountRows,
  ...manifestRows,
  ...conditionalManifestRows,
  ...manifestErrorRows,
  ...nonDistributableRows,
  ...manifestDeleteRows,
  ...tagRows,
  ...tagParameterRows,
  ...catalogRows,
  ...referrerRows,
  ...connectionRows,
  ...dataSetRows,
];

/** For a registry with deletes switched off. */
export const DELETES_OFF_ROWS: readonly Row[] = deletesOffRows;
