import { afterAll, expect, test } from "vitest";
import { killAll, Participant } from "../../bench/participant.ts";
import type { Program } from "../../bench/programs.ts";
import { Entrant } from "../../bench/roster.ts";

/** A participant written as the body of a function of a request; what it returns is its answer. */
function program(body: string): Program {
  const script = `
    const answer = async (request) => { ${body} };
    require("node:readline").createInterface({ input: process.stdin }).on("line", async (line) => {
      const reply = await answer(JSON.parse(line));
      if (reply !== undefined) console.log(JSON.stringify(reply));
    });`;
  return { name: "tester", peer: "tester", command: process.execPath, args: ["-e", script], cwd: ".", env: {} };
}

function started(body: string): Participant {
  const participant = new Participant(program(body));
  participant.start();
  return participant;
}

afterAll(killAll);

test("a participant answers, whatever else it prints, also after it was stopped", async () => {
  const participant = started(`console.log("Welcome!"); return { twice: 2 * request.number };`);
  expect(await participant.ask({ number: 3 }, 10)).toEqual({ twice: 6 });
  expect(await participant.ask({ number: 4 }, 10)).toEqual({ twice: 8 });
  await participant.end();
  expect(participant.alive).toBe(false);
});

test("an error in its answer, and an end without one, say why", async () => {
  const wrong = started(`return { error: "no such case\\n  at line 3" };`);
  await expect(wrong.ask({}, 10)).rejects.toThrow(/^no such case$/);
  await wrong.end();
  const broken = started(`throw new TypeError("there is no x");`);
  await expect(broken.ask({}, 10)).rejects.toThrow("TypeError: there is no x");
  expect(broken.alive).toBe(false);
  await expect(broken.ask({}, 10)).rejects.toThrow("does not run");
});

test("one that hangs is ended", async () => {
  const participant = started("for (;;);");
  await expect(participant.ask({}, 0.2)).rejects.toThrow("no answer within 0.2 s");
  await participant.end();
  expect(participant.alive).toBe(false);
});

test("one that cannot be started, or does not know itself, counts as missing", async () => {
  const nowhere = new Entrant({ ...program(""), command: "/nowhere/at/all" });
  await nowhere.greet();
  expect(nowhere.present).toBe(false);
  expect(nowhere.presence.missing).toContain("ENOENT");
  const broken = new Entrant(program("process.exit(3);"));
  await broken.greet();
  expect(broken.presence.missing).toContain("status 3");
});

test("one that was ended by a request is started anew for the next", async () => {
  const entrant = new Entrant(
    program(`
      if (request.do === "hello") return { version: "1", threads: 1, cases: ["a"] };
      if (request.do === "fail") process.exit(1);
      return { ok: true };`),
  );
  await entrant.greet();
  expect(entrant.knows("a")).toBe(true);
  await expect(entrant.ask({ do: "fail" })).rejects.toThrow("status 1");
  expect(await entrant.ask({ do: "prepare" })).toEqual({ ok: true });
  await entrant.participant.end();
});
