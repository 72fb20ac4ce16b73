import { describePromises, writes } from "./kept-promises.ts";

describePromises(
  "golden recipes of klauspost and pgzip",
  (encoder) => /^(klauspost|pgzip)/.test(encoder) && writes("gzip", encoder),
);
