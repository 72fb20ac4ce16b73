import { describePromises, writes } from "./kept-promises.ts";

describePromises("golden recipes of zstd", (encoder) => writes("zstd", encoder));
