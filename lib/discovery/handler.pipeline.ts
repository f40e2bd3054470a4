import { HttpException, Inject, Injectable, type Type } from '@nestjs/common';
import { EXCEPTION_FILTERS_METADATA, GUARDS_METADATA, INTERCEPTORS_METADATA } from '@nestjs/common/constants.js';
import {
  ApplicationConfig,
  ContextIdFactory,
  ExternalContextCreator,
  ModuleRef,
  type DiscoveryService,
} from '@nestjs/core';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import { isObservable, lastValueFrom } from 'rxjs';
import type { KafkaSettings } from '../config/kafka-settings.js';
import { KAFKA_SETTINGS, PARAMETERS_METADATA } from '../kafka.constants.js';
import { MessageRefusedError, MessagingError } from '../messaging/errors.js';
import type { HandlerContext } from '../messaging/handler-context.js';
import type { Message } from '../messaging/message.js';
import { KAFKA_CONTEXT } from './kafka-context.js';
import { messageParameters } from './message-parameters.js';

export type InstanceWrapper = ReturnType<DiscoveryService['getProviders']>[number];
export type HandlerMethod = (message: Message, context: HandlerContext) => unknown;
type Target = Record<string, HandlerMethod>;
type ContextId = ReturnType<typeof ContextIdFactory.create>;

/** What is hidden in Nest's creator; a spec pins it. */
interface CreatorInternals {
  container: { applicationConfig: ApplicationConfig };
  filtersContextCreator: {
    create(
      instance: object,
      callback: unknown,
      moduleKey: string,
      contextId?: ContextId,
      inquirerId?: string,
    ): {
      filters: Filter[];
    };
  };
  createGuardsFn: (this: ExternalContextCreator, ...args: unknown[]) => ((args: unknown) => Promise<unknown>) | null;
  getParamValue: (this: ExternalContextCreator, ...args: unknown[]) => Promise<unknown>;
  handlerMetadataStorage: Pick<KnownMethods, 'get' | 'set'>;
  transformToResult(result: unknown): Promise<unknown>;
}

interface Filter {
  func: (exception: unknown, host: ExecutionContextHost) => unknown;
  exceptionMetatypes: Type[];
}

const enhancers = [GUARDS_METADATA, INTERCEPTORS_METADATA, EXCEPTION_FILTERS_METADATA];

/** Calls handlers with what Nest binds to them: parameters with pipes, guards, interceptors, filters, and scopes. */
@Injectable()
export class HandlerPipeline {
  private readonly creator: ExternalContextCreator;

  constructor(
    applicationCreator: ExternalContextCreator,
    @Inject(KAFKA_SETTINGS) private readonly settings: Pick<KafkaSettings, 'useGlobalEnhancers'>,
  ) {
    this.creator = ownCreator(applicationCreator, settings.useGlobalEnhancers);
  }

  /** What calls a handler. One that nothing is bound to is called as it is. */
  callerOf(wrapper: InstanceWrapper, instance: object, method: string): HandlerMethod {
    const isScoped = !wrapper.isDependencyTreeStatic() || wrapper.isTransient || this.scopedGlobals().length > 0;
    if (isScoped) return this.callerForEach(wrapper, instance, method);
    if (!this.isEnhanced(instance, method)) {
      const target = instance as Target;
      return completing((message, context) => target[method]!(message, context));
    }
    return this.enhanced(wrapper, instance, method);
  }

  /** Providers that Nest makes anew for each request are made anew for each message, and what is bound to them. */
  private callerForEach(wrapper: InstanceWrapper, prototype: object, method: string): HandlerMethod {
    const moduleRef = moduleRefOf(wrapper);
    const isEnhanced = this.isEnhanced(prototype, method);
    const globals = this.scopedGlobals();
    return async (message, context) => {
      const contextId = ContextIdFactory.create();
      moduleRef.registerRequestByContextId(message, contextId);
      await Promise.all(globals.map((one) => moduleRefOf(one).resolve<unknown>(one.token, contextId)));
      const instance = await moduleRef.resolve<Target>(wrapper.token, contextId);
      if (!isEnhanced) return completion(instance[method]!(message, context));
      return this.enhanced(wrapper, instance, method, contextId)(message, context);
    };
  }

  /**
   * The application's global ones that are made anew for each message; Nest makes only those of controllers.
   *
   * @throws MessagingError when one is made anew for each who asks
   */
  private scopedGlobals(): InstanceWrapper[] {
    if (!this.settings.useGlobalEnhancers) return [];
    const { applicationConfig } = (this.creator as unknown as CreatorInternals).container;
    const globals: InstanceWrapper[] = [
      applicationConfig.getGlobalRequestGuards(),
      applicationConfig.getGlobalRequestInterceptors(),
      applicationConfig.getGlobalRequestPipes(),
      applicationConfig.getGlobalRequestFilters(),
    ].flat();
    const transient = globals.find(({ isTransient }) => isTransient);
    if (!transient) return globals;
    throw new MessagingError(
      `useGlobalEnhancers: ${String(transient.token)} is transient, which cannot be made for handlers; give it Scope.REQUEST`,
    );
  }

  private isEnhanced(instance: object, method: string): boolean {
    if (this.settings.useGlobalEnhancers) return true;
    const callback = (instance as Target)[method]!;
    const bound = enhancers.some(
      (key) => Reflect.hasMetadata(key, callback) || Reflect.hasMetadata(key, instance.constructor),
    );
    return bound || Reflect.hasMetadata(PARAMETERS_METADATA, instance.constructor, method);
  }

  private enhanced(wrapper: InstanceWrapper, instance: object, method: string, contextId?: ContextId): HandlerMethod {
    const callback = (instance as Target)[method]!;
    const filters = this.filtersOf(wrapper, instance, callback, contextId);
    const inquirer = contextId && wrapper.id;
    const options = { guards: true, interceptors: true, filters: false };
    const run = this.creator.create(
      instance,
      callback as (...args: unknown[]) => unknown,
      method,
      PARAMETERS_METADATA,
      messageParameters,
      contextId,
      inquirer,
      options,
      KAFKA_CONTEXT,
    );
    return async (message, context) => {
      try {
        return (await run(message, context)) as unknown;
      } catch (error) {
        const filter = filters.find(({ exceptionMetatypes }) => catches(exceptionMetatypes, error));
        const isAborted = context.signal.aborted; // then it is not the message's error, and the message is delivered again
        if (!filter || isAborted) throw refusalOf(error);
        const host = new ExecutionContextHost([message, context], instance.constructor as Type, callback);
        host.setType(KAFKA_CONTEXT);
        await filtered(filter, error, host);
        return undefined; // its answer is no result to publish
      }
    };
  }

  /** Nest's own way to call filters takes one that returns nothing for none, and logs what is ours to log. */
  private filtersOf(wrapper: InstanceWrapper, instance: object, callback: unknown, contextId?: ContextId): Filter[] {
    const { filtersContextCreator } = this.creator as unknown as CreatorInternals;
    const inquirer = contextId && wrapper.id;
    return filtersContextCreator.create(instance, callback, wrapper.host!.token, contextId, inquirer).filters;
  }
}

function moduleRefOf(wrapper: InstanceWrapper): ModuleRef {
  return wrapper.host!.getProviderByKey<ModuleRef>(ModuleRef).instance;
}

/** A creator whose every handler may be told from those of HTTP, and which tells what was refused. */
function ownCreator(applicationCreator: ExternalContextCreator, useGlobalEnhancers: boolean): ExternalContextCreator {
  const { container } = applicationCreator as unknown as CreatorInternals;
  const withoutGlobal = { applicationConfig: { value: new ApplicationConfig() } };
  const creator = ExternalContextCreator.fromContainer(
    (useGlobalEnhancers ? container : Object.create(container, withoutGlobal)) as never,
  );
  const internals = creator as unknown as CreatorInternals;
  const { createGuardsFn, getParamValue } = internals;
  internals.createGuardsFn = (...args) => {
    const guards = createGuardsFn.apply(creator, args);
    return guards && ((called) => guards(called).catch(refuse));
  };
  internals.getParamValue = (...args) => getParamValue.apply(creator, args).catch(refuse);
  internals.handlerMetadataStorage = new KnownMethods();
  internals.transformToResult = (result) => Promise.resolve(completion(result));
  return creator;
}

/** What Nest knows of the parameters of methods. In Nest 11, classes of one name share it. */
class KnownMethods {
  private readonly known = new WeakMap<object, Map<string, unknown>>();

  get(instance: object, method: string): unknown {
    return this.known.get(prototypeOf(instance))?.get(method);
  }

  set(instance: object, method: string, metadata: unknown): void {
    const prototype = prototypeOf(instance);
    this.known.set(prototype, (this.known.get(prototype) ?? new Map<string, unknown>()).set(method, metadata));
  }
}

function prototypeOf(instance: object): object {
  return Object.getPrototypeOf(instance) as object;
}

/** What a guard or a pipe has thrown that says the message is at fault. */
const refusals = new WeakSet<object>();

function refuse(error: unknown): never {
  if (error instanceof HttpException && Math.floor(error.getStatus() / 100) === 4) refusals.add(error);
  throw error;
}

function refusalOf(error: unknown): unknown {
  if (!(error instanceof HttpException) || !refusals.has(error)) return error;
  return new MessageRefusedError(`${error.name}: ${reasonOf(error)}`, { cause: error });
}

/** A refusal that the filter throws on is still one. */
async function filtered({ func }: Filter, error: unknown, host: ExecutionContextHost): Promise<void> {
  try {
    await completion(func(error, host));
  } catch (thrown) {
    throw refusalOf(thrown);
  }
}

/** `ValidationPipe` lists what is wrong in the response. */
function reasonOf(error: HttpException): string {
  const response = error.getResponse();
  const reason = typeof response === 'object' ? (response as { message?: unknown }).message : response;
  return Array.isArray(reason) ? reason.join('; ') : error.message;
}

function catches(types: readonly Type[], error: unknown): boolean {
  return types.length === 0 || types.some((type) => error instanceof type);
}

/** An Observable is handled once it completes, with or without a value; also one that a promise brings. */
function completing(call: HandlerMethod): HandlerMethod {
  return (message, context) => {
    const result = call(message, context);
    return result instanceof Promise ? result.then(completion) : completion(result);
  };
}

/** Nest wraps an Observable of another copy of rxjs in one of its own, which brings it as its value. */
function completion(result: unknown): unknown {
  return isObservable(result) ? lastValueFrom(result, { defaultValue: undefined }).then(completion) : result;
}
