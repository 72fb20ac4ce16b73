import { BLOB_READ_ROWS, TLS_READ_ROWS } from "./blob-read-rows.ts";
import { BLOB_WRITE_ROWS, TLS_WRITE_ROWS } from "./blob-write-rows.ts";
import { CROWD_ROW } from "./crowd-row.ts";
import { IMAGE_ROWS } from "./image-rows.ts";
import { PAGE_ROWS } from "./page-rows.ts";
import type { Row } from "./row.ts";
import { MANIFEST_ROW, START_ROW } from "./small-rows.ts";

/** Every row, in the order of the table. */
export const ROWS: readonly Row[] = [
  ...BLOB_READ_ROWS,
  ...BLOB_WRITE_ROWS,
  MANIFEST_ROW,
  ...IMAGE_ROWS,
  START_ROW,
  ...PAGE_ROWS,
  CROWD_ROW,
  ...TLS_READ_ROWS,
  ...TLS_WRITE_ROWS,
];

/** @param only names of rows or of groups; none are all. */
export function chooseRows(rows: readonly Row[], only: readonly string[]): readonly Row[] {
  if (only.length === 0) return rows;
  return rows.filter(({ name, group }) => only.includes(name) || only.includes(group ?? name));
}

/** What `--only` may name. */
export function namesOf(rows: readonly Row[]): readonly string[] {
  return [
    ...new Set(rows.flatMap(({ name, group }) => (group === undefined ? [name] : [group, name]))),
  ];
}
