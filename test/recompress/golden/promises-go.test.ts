import { describePromises } from "./kept-promises.ts";

describePromises("golden recipes of Go", (encoder) => encoder.startsWith("go-"));
