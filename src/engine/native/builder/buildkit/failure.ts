// Failures of a build in the words of BuildKit, which its clients show and people search for.
import { messageOf } from '../../../../errors.ts';
import { GRPC, GrpcFailure } from '../../../../grpc-server.ts';
import { CommandFailed } from '../steps/run-step.ts';

export function describeFailure(error: unknown): string {
  if (error instanceof CommandFailed)
    return `process ${JSON.stringify(error.words.join(' '))} did not complete successfully: exit code: ${error.exitStatus}`;
  return messageOf(error);
}

/** The end of a call that failed. */
export function grpcFailure(error: unknown, signal: AbortSignal): GrpcFailure {
  if (error instanceof GrpcFailure) return error;
  return new GrpcFailure(signal.aborted ? GRPC.canceled : GRPC.unknown, describeFailure(error));
}
