/** What can be wrong with a change of the robots; the texts are made for who asked for it. */
export type RobotError = InvalidRobotName | RobotExists | RobotIsConfigured;

export class InvalidRobotName extends Error {
  readonly kind = "InvalidRobotName";
  constructor(text: string) {
    const shown = JSON.stringify(text.slice(0, 100));
    super(
      `not a robot's name: ${shown}; take lower-case letters, digits and -_. behind a letter or digit, at most 64`,
    );
  }
}

/** Revoke the one that is there first. */
export class RobotExists extends Error {
  readonly kind = "RobotExists";
  constructor(name: string) {
    super(`there is a robot ${name} already; revoke it first`);
  }
}

/** It stands in the config, and can be taken away only there. */
export class RobotIsConfigured extends Error {
  readonly kind = "RobotIsConfigured";
  constructor(name: string) {
    super(`the robot ${name} stands in the config of the server; take it out there`);
  }
}
