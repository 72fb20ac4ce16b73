import { describe, expect, it } from "vitest";
import { createEventBus } from "../../src/events/bus.ts";
import { RecordingLogger } from "../fakes/recording-logger.ts";
import { blobPulled } from "../fakes/registry-events.ts";

describe("EventBus", () => {
  it("tells each event to all subscribers in the order of subscription", () => {
    const bus = createEventBus({ log: new RecordingLogger() });
    const heard: string[] = [];
    bus.subscribe((event) => heard.push(`one ${event.id}`));
    bus.subscribe((event) => heard.push(`two ${event.id}`));
    bus.publish(blobPulled("1"));
    bus.publish(blobPulled("2"));
    expect(heard).toEqual(["one 1", "two 1", "one 2", "two 2"]);
  });

  it("is heard while anybody subscribes", () => {
    const bus = createEventBus({ log: new RecordingLogger() });
    expect(bus.arePullsHeard).toBe(false);
    const [endOne, endTwo] = [bus.subscribe(() => undefined), bus.subscribe(() => undefined)];
    endOne();
    expect(bus.arePullsHeard).toBe(true);
    endTwo();
    expect(bus.arePullsHeard).toBe(false);
  });

  it("logs a subscriber that fails, and tells the others all the same", () => {
    const log = new RecordingLogger();
    const bus = createEventBus({ log });
    const heard: string[] = [];
    const failure = new Error("no");
    bus.subscribe(() => {
      throw failure;
    });
    bus.subscribe((event) => heard.push(event.id));
    bus.publish(blobPulled("1"));
    expect(heard).toEqual(["1"]);
    expect(log.lines).toEqual([
      {
        level: "error",
        message: "a subscriber failed on an event",
        fields: { "event.id": "1", err: failure },
      },
    ]);
  });

  it("stops telling a subscriber whose subscription has ended, and only that one", () => {
    const bus = createEventBus({ log: new RecordingLogger() });
    const heard: string[] = [];
    const subscriber = (): unknown => heard.push("x");
    const end = bus.subscribe(subscriber);
    bus.subscribe(subscriber);
    end();
    end();
    bus.publish(blobPulled("1"));
    expect(heard).toEqual(["x"]);
  });

  it("tells an event to those who were subscribed when it was published", () => {
    const bus = createEventBus({ log: new RecordingLogger() });
    const heard: string[] = [];
    bus.subscribe(() => {
      endSecond();
      bus.subscribe(() => heard.push("late"));
    });
    const endSecond = bus.subscribe(() => heard.push("second"));
    bus.publish(blobPulled("1"));
    expect(heard).toEqual(["second"]);
  });
});
