import type { Answer, ClientToServer, ServerToClient } from '#core/protocol.ts';

type AskName = Exclude<keyof ClientToServer, 'room:presence'>;
type Message<Name extends keyof ClientToServer> = Parameters<ClientToServer[Name]>[0];
/** The answer of an event, without the acknowledgement's function around it. */
export type AnswerOf<Name extends AskName> = Parameters<Parameters<ClientToServer[Name]>[1]>[0];

/** All that a room needs of a connection. Socket.IO is one, a pair of arrays in a test another. */
export interface Transport {
  readonly connected: boolean;
  /** Rejects with LostAnswer when the connection went, or no answer came in time. */
  ask<Name extends AskName>(name: Name, message: Message<Name>): Promise<AnswerOf<Name>>;
  /** Presence: not acknowledged, dropped when it cannot be sent at once. */
  tell(message: Message<'room:presence'>): void;
  on<Name extends keyof ServerToClient>(name: Name, listener: ServerToClient[Name]): () => void;
  onConnection(listener: (connected: boolean) => void): () => void;
}

/** Nobody knows whether the message arrived. Every message may be sent twice. */
export class LostAnswer extends Error {}

export type { Answer };
