import { describePromises, writes } from "./kept-promises.ts";

describePromises(
  "golden recipes of zlib and all others",
  (encoder) => !/^(go-|klauspost|pgzip)/.test(encoder) && writes("gzip", encoder),
);
