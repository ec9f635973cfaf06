// Reads one question per line from standard input and answers each with a line of JSON; test_clients.py asks.
import { createInterface } from "node:readline";
import { Ajv } from "ajv";
import { Kafka } from "cloudevents";
import { isValid } from "./ajv.mjs";
import { eventOf } from "./cloudevents.mjs";

const bytes = (texts) => Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, Buffer.from(text)]));
const failureOf = (act) => {
  try {
    act();
    return null;
  } catch (error) {
    return error.message;
  }
};
const recordOf = ({ key, value, headers }) => ({ ...bytes({ key, value }), headers: bytes(headers) });

const answers = {
  valid: ({ schema, value }) => isValid(schema, value),
  event: ({ record }) => {
    const { event, sequence } = eventOf(recordOf(record));
    return { ...event, valid: event.validate(), sequence: String(sequence), data: event.data };
  },
  unset: ({ schema, record }) => ({
    ajv: failureOf(() => new Ajv().compile(schema)),
    cloudevents: failureOf(() => Kafka.toEvent(recordOf(record))),
  }),
};

for await (const line of createInterface({ input: process.stdin })) {
  const question = JSON.parse(line);
  try {
    console.log(JSON.stringify({ answer: answers[question.ask](question) }));
  } catch (error) {
    console.log(JSON.stringify({ failed: error.stack }));
  }
}
