/** What a robot may do, as it is typed: `--repository 'a/*' --action pull --repository b --action push`. */
import { type Action, ACTIONS } from "../auth/action.ts";
import type { RobotRight } from "../auth/robots.ts";
import { repositoryPatternProblem } from "../oci/repository-pattern.ts";
import { checkedAction } from "./checked-names.ts";
import { UsageError } from "./usage-error.ts";

/** One of the two flags, in the order of the command line. */
export interface RightWord {
  readonly flag: "repository" | "action";
  /** One value, or several joined by commas. */
  readonly text: string;
}

/**
 * Each run of `--action` is for the run of `--repository` before it; a single pair may stand the other way
 * round. No words: no rights of its own. @throws {UsageError}
 */
export function pairRights(words: readonly RightWord[]): readonly RobotRight[] {
  const runs = runsOf(words);
  if (runs.length === 0) return [];
  if (runs.length === 1) throw new UsageError("--repository and --action go together");
  const [first] = runs;
  const pairs = runs.length === 2 && first?.flag === "action" ? runs.toReversed() : runs;
  if (pairs[0]?.flag !== "repository" || pairs.length % 2 !== 0) {
    throw new UsageError(
      "each --action is for the --repository before it: write --repository 'a/**' --action pull --repository 'b/**' --action push",
    );
  }
  return pairsOf(pairs).map(([places, actions]) => ({
    repositories: unique(places.values.map(checkedPattern)),
    actions: unique(actions.values.flatMap(actionsOf)),
  }));
}

/** Values of one flag that stand together. */
interface Run {
  readonly flag: RightWord["flag"];
  readonly values: readonly string[];
}

function runsOf(words: readonly RightWord[]): readonly Run[] {
  const runs: Run[] = [];
  for (const { flag, text } of words) {
    const values = text.split(",").map((value) => value.trim());
    const last = runs.at(-1);
    if (last?.flag === flag) runs.splice(-1, 1, { flag, values: [...last.values, ...values] });
    else runs.push({ flag, values });
  }
  return runs;
}

function pairsOf(runs: readonly Run[]): readonly (readonly [Run, Run])[] {
  const [places, actions, ...rest] = runs;
  if (places === undefined || actions === undefined) return [];
  return [[places, actions], ...pairsOf(rest)];
}

function checkedPattern(pattern: string): string {
  const problem = repositoryPatternProblem(pattern);
  if (problem === undefined) return pattern;
  throw new UsageError(`--repository ${JSON.stringify(pattern)} ${problem}`);
}

function actionsOf(word: string): readonly Action[] {
  const action = checkedAction(word, [...ACTIONS, "all"]);
  return action === "all" ? ACTIONS : [action];
}

function unique<Word>(words: readonly Word[]): readonly Word[] {
  return [...new Set(words)];
}
