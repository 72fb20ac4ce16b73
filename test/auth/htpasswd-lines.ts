/** Lines of password files, at the least cost of bcrypt. */
import { hashSync } from "@node-rs/bcrypt";

export function bcrypt(password: string, cost = 4): string {
  return hashSync(password, { cost, version: "2y" });
}

export function htpasswdLine(name: string, password: string, cost = 4): string {
  return `${name}:${bcrypt(password, cost)}\n`;
}
