/** Names of upload sessions. */
declare const brand: unique symbol;
/** A UUID in lower case: the reference registry purges only sessions that are named so. */
export type UploadId = string & { readonly [brand]: "UploadId" };

const GRAMMAR = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

export function isUploadId(text: string): text is UploadId {
  return GRAMMAR.test(text);
}
