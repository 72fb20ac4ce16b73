import type { DecodedBlock, LiteralsSection, SequencesSection } from "./decoded-block.ts";

/** @returns the block with arrays of its own: a decoder uses its arrays again. */
export function copyBlock(block: DecodedBlock): DecodedBlock {
  return {
    ...block,
    literals: block.literals && copyLiterals(block.literals),
    sequences: block.sequences && copySequences(block.sequences),
  };
}

function copyLiterals(literals: LiteralsSection): LiteralsSection {
  return {
    ...literals,
    bytes: literals.bytes.slice(0, literals.size),
    tree: literals.tree?.slice(),
  };
}

function copySequences(section: SequencesSection): SequencesSection {
  const [literalLengths, offsets, matchLengths] = section.tables;
  const { codes: _codes, ...rest } = section;
  return {
    ...rest,
    sequences: section.sequences.slice(0, 3 * section.count),
    tables: [literalLengths?.slice(), offsets?.slice(), matchLengths?.slice()],
  };
}
