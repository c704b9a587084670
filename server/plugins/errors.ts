import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import fp from 'fastify-plugin';
import { EmendError, ERROR_STATUS, type Problem } from '#core/errors.ts';
import { newId } from '#core/ids.ts';
import { databaseAway, isOutage, RETRY_SECONDS } from '../database/outage.ts';

/** Every error leaves as a Problem. What is not an EmendError leaves as `failed` with a reference; its details stay in the log. */
export default fp(async (app) => {
  app.setErrorHandler((error: FastifyError | EmendError, request, reply) => { answer(error, request, reply); });
}, { name: 'errors' });

function answer(error: FastifyError | EmendError, request: FastifyRequest, reply: FastifyReply): void {
  const problem = problemOf(error);
  if (problem) {
    request.log.debug({ err: error }, 'refused');
    send(reply, problem);
    return;
  }
  send(reply, unexpected(error, (reference) => { request.log.error({ err: error, reference }, 'unexpected error'); }));
}

function send(reply: FastifyReply, problem: Problem): void {
  if (problem.code === 'unavailable') void reply.header('retry-after', RETRY_SECONDS);
  void reply.code(ERROR_STATUS[problem.code]).send(problem);
}

/** An error that is no refusal, as people see it: the database is away, or nobody foresaw it. `log` keeps the details under the same reference. */
export function unexpected(error: unknown, log: (reference: string) => void): Problem {
  const reference = newId().slice(0, 8);
  log(reference);
  if (isOutage(error)) return databaseAway().toProblem();
  return { code: 'failed', message: `Something went wrong on the server and this was not done. Try again; if it stays, show your administrator the reference ${reference}.` };
}

function problemOf(error: FastifyError | EmendError): Problem | undefined {
  if (error instanceof EmendError) return error.toProblem();
  if (error.validation) {
    const first = error.validation[0];
    const where = `${error.validationContext ?? 'request'}${first?.instancePath ?? ''}`;
    // What additionalProperties: false says of a field that nobody asked for.
    const what = first?.message === 'schema is false' ? 'is not known here' : (first?.message ?? 'is not valid');
    return { code: 'invalid', message: `The request was refused and nothing was changed: ${where} ${what}.` };
  }
  switch (error.code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
    case 'FST_REQ_FILE_TOO_LARGE':
      return { code: 'too_large', message: 'That is larger than this server accepts. Nothing was stored; send less at once.' };
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
    case 'FST_INVALID_MULTIPART_CONTENT_TYPE':
      return { code: 'unsupported', message: 'The request has a content type that this address does not take. Nothing was changed.' };
    default:
  }
  if (error.statusCode === 429) return { code: 'too_many', message: 'Too many requests in a short time. Nothing is lost; wait a minute and try again.' };
  if (error.statusCode !== undefined && error.statusCode >= 400 && error.statusCode < 500) {
    return { code: 'bad_request', message: 'The request could not be read. Nothing was changed.' };
  }
  return undefined;
}
