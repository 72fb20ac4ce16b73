/** A share for a person: `98.2 %`, `0.31 %`, `less than 0.01 %`. */
export function percentText(share: number): string {
  if (share > 0 && share < 0.0001) return "less than 0.01 %";
  return `${(share * 100).toFixed(share < 0.01 ? 2 : 1)} %`;
}
