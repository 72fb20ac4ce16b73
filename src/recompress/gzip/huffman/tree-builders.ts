import type { TreeDescription } from "../blocks/block-header.ts";
import type { TreeRule } from "../token-model.ts";
import { GoTreeBuilder } from "./go-tree.ts";
import type { SymbolCounts } from "./symbol-counts.ts";
import type { TreeBuilder } from "./tree-builder.ts";
import { ZlibTreeBuilder } from "./zlib-tree.ts";

/** A builder for each rule, made when it is first asked for. */
export class TreeBuilders {
  readonly #builders = new Map<TreeRule, TreeBuilder>();

  /** @returns the description, good until the next one by the same rule. */
  build(rule: TreeRule, counts: SymbolCounts): TreeDescription {
    let builder = this.#builders.get(rule);
    if (builder === undefined) {
      builder = createTreeBuilder(rule);
      this.#builders.set(rule, builder);
    }
    return builder.build(counts);
  }
}

function createTreeBuilder(rule: TreeRule): TreeBuilder {
  switch (rule) {
    case "zlib":
      return new ZlibTreeBuilder();
    case "go":
      return new GoTreeBuilder({ isTrimmed: true });
    case "go-untrimmed":
      return new GoTreeBuilder({ isTrimmed: false });
  }
}

/** Whether two descriptions say the same in the same words. */
export function isSameTree(one: TreeDescription, other: TreeDescription): boolean {
  return (
    one.litLenCount === other.litLenCount &&
    one.distanceCount === other.distanceCount &&
    one.codeLengthCount === other.codeLengthCount &&
    isEqual(one.sequence, other.sequence) &&
    isEqual(one.codeLengthLengths, other.codeLengthLengths)
  );
}

function isEqual(one: ArrayLike<number>, other: ArrayLike<number>): boolean {
  if (one.length !== other.length) return false;
  for (let index = 0; index < one.length; index++) {
    if (one[index] !== other[index]) return false;
  }
  return true;
}
