export type { GateGroups, GateTie } from "./gates.ts";
export { type GruGate, gru } from "./gru.ts";
export { type LstmGate, type LstmState, lstm } from "./lstm.ts";
export type { Recurrent, RecurrentOptions } from "./recurrent.ts";
export { type HiddenState, rnn } from "./rnn.ts";
