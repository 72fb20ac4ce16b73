/** Which patterns of repository names make sense: what rules and robots' rights are checked by. */
import { isRepositoryName, MAX_REPOSITORY_NAME_LENGTH } from "./repository-name.ts";

/**
 * What is wrong with the pattern, to follow its name in a sentence; `undefined` for one that some repository
 * name matches. `*` stands for any characters but `/`, `**` for any characters.
 */
export function repositoryPatternProblem(pattern: string): string | undefined {
  if (pattern === "") return "is empty; write ** for every repository";
  if (pattern.length > MAX_REPOSITORY_NAME_LENGTH) return "is longer than a repository name can be";
  if (pattern.includes("***")) return "has more than two * in a row; ** stands for any characters";
  // A letter fits beside whatever a name may have at an edge, so it stands for what a wildcard matches.
  if (isRepositoryName(pattern.replaceAll(/\*+/g, "a"))) return undefined;
  return "can match no repository: names are lower-case letters and digits with . _ - between them, in parts joined by /";
}
