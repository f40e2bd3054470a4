import 'reflect-metadata';
import type { PipeTransform, Type } from '@nestjs/common';
import { MessageParameter, PARAMETERS_METADATA } from '../kafka.constants.js';

type Pipe = Type<PipeTransform> | PipeTransform;

interface Parameter {
  index: number;
  data: string | undefined;
  pipes: readonly Pipe[];
  schema?: StandardSchema | undefined;
}

/**
 * A schema of zod, valibot or another library.
 *
 * @see https://standardschema.dev
 * @publicApi
 */
export interface StandardSchema {
  readonly '~standard': object;
}

/**
 * What `StandardSchemaValidationPipe` validates by, in Nest 12.
 *
 * @publicApi
 */
export interface PayloadSchema {
  schema: StandardSchema;
  pipes?: (Type<PipeTransform> | PipeTransform)[];
}

/**
 * The message's payload, or a property of it; of a declared class, `ValidationPipe` validates it.
 *
 * @param property the name of a property, a schema, or a pipe
 * @publicApi
 */
export function MessagePayload(property?: string | PayloadSchema | Pipe, ...pipes: Pipe[]): ParameterDecorator {
  if (typeof property === 'string' || property === undefined) return mark(MessageParameter.Payload, property, pipes);
  if (isPipe(property)) return mark(MessageParameter.Payload, undefined, [property, ...pipes]);
  return mark(MessageParameter.Payload, undefined, [...(property.pipes ?? []), ...pipes], property.schema);
}

/** A pipe may keep a schema under this very name. */
function isPipe(value: PayloadSchema | Pipe): value is Pipe {
  return typeof value === 'function' || 'transform' in value;
}

/**
 * The key; `null` where there is none.
 *
 * @param as `'utf8'` for text. Without it, text where the parameter is declared as `string`, bytes otherwise: also for `string | null`, of
 *   which not every compiler tells anything at runtime
 * @publicApi
 */
export function MessageKey(as?: 'utf8' | Pipe, ...pipes: Pipe[]): ParameterDecorator {
  const all = as === undefined || as === 'utf8' ? pipes : [as, ...pipes];
  return (target, method, index) => {
    const isText = as === 'utf8' || (method !== undefined && declaredType(target, method, index) === String);
    mark(isText ? MessageParameter.KeyText : MessageParameter.Key, undefined, all)(target, method, index);
  };
}

/**
 * A header as UTF-8; an array where it occurs more than once, `undefined` where it does not.
 *
 * @publicApi
 */
export function MessageHeader(name: string, ...pipes: Pipe[]): ParameterDecorator {
  return mark(MessageParameter.Header, name, pipes);
}

/**
 * All headers, as `Message.headers`.
 *
 * @publicApi
 */
export function MessageHeaders(...pipes: Pipe[]): ParameterDecorator {
  return mark(MessageParameter.Headers, undefined, pipes);
}

/**
 * The `HandlerContext`.
 *
 * @publicApi
 */
export function MessageContext(...pipes: Pipe[]): ParameterDecorator {
  return mark(MessageParameter.Context, undefined, pipes);
}

/**
 * The `Message` as a whole.
 *
 * @publicApi
 */
export function ConsumedMessage(...pipes: Pipe[]): ParameterDecorator {
  return mark(MessageParameter.Message, undefined, pipes);
}

/** In the form that Nest reads, so that pipes and decorators made by `createParamDecorator` go with it. */
function mark(
  type: MessageParameter,
  data: string | undefined,
  pipes: readonly Pipe[],
  schema?: StandardSchema,
): ParameterDecorator {
  return (target, method, index) => {
    if (method === undefined) return; // of a constructor, which Nest injects
    const known = (Reflect.getMetadata(PARAMETERS_METADATA, target.constructor, method) ?? {}) as Record<
      string,
      Parameter
    >;
    const parameters = { ...known, [`${type}:${index}`]: { index, data, pipes, schema } };
    Reflect.defineMetadata(PARAMETERS_METADATA, parameters, target.constructor, method);
  };
}

function declaredType(target: object, method: string | symbol, index: number): unknown {
  return ((Reflect.getMetadata('design:paramtypes', target, method) ?? []) as unknown[])[index];
}
