import { Injectable } from '@nestjs/common';
import { ContextIdFactory, DiscoveryService, ModuleRef } from '@nestjs/core';
import { isObservable, lastValueFrom } from 'rxjs';
import type { HandlerContext } from '../messaging/handler-context.js';
import type { Message } from '../messaging/message.js';
import type { HandlerDefinition } from './handler-definition.js';
import { HandlerMetadataAccessor, type DecoratedMethod } from './handler-metadata.accessor.js';

type InstanceWrapper = ReturnType<DiscoveryService['getProviders']>[number];
type Method = (message: Message, context: HandlerContext) => unknown;

/** Finds the handlers among the application's providers and controllers. */
@Injectable()
export class HandlerExplorer {
  constructor(
    private readonly discovery: DiscoveryService,
    private readonly accessor: HandlerMetadataAccessor,
  ) {}

  explore(): HandlerDefinition[] {
    const wrappers = [...this.discovery.getProviders(), ...this.discovery.getControllers()];
    return wrappers.flatMap((wrapper) => this.handlersOf(wrapper));
  }

  /** An alias has the instance of the provider it stands for, which is found under its own name. */
  private handlersOf(wrapper: InstanceWrapper): HandlerDefinition[] {
    const instance = wrapper.instance as object | undefined;
    if (wrapper.isAlias || typeof instance !== 'object' || instance === null) return [];
    return this.accessor.decoratedMethods(instance).flatMap((decorated) => define(wrapper, instance, decorated));
  }
}

function define(wrapper: InstanceWrapper, instance: object, { method, uses }: DecoratedMethod): HandlerDefinition[] {
  const name = `${instance.constructor.name}.${method}`;
  const isCallable = typeof (instance as Record<string, unknown>)[method] === 'function';
  const handle = isCallable ? completing(invoker(wrapper, instance, method)) : undefined;
  return uses.map((use) => ({ ...use, owner: instance.constructor, name, handle }));
}

/** Providers that Nest makes anew for each request are made anew for each message. */
function invoker(wrapper: InstanceWrapper, instance: object, method: string): Method {
  if (wrapper.isDependencyTreeStatic() && !wrapper.isTransient) {
    const target = instance as Record<string, Method>;
    return (message, context) => target[method]!(message, context);
  }
  const moduleRef = wrapper.host!.getProviderByKey<ModuleRef>(ModuleRef).instance;
  return async (message, context) => {
    const contextId = ContextIdFactory.create();
    moduleRef.registerRequestByContextId(message, contextId);
    const target = await moduleRef.resolve<Record<string, Method>>(wrapper.token, contextId);
    return target[method]!(message, context);
  };
}

/** An Observable is handled once it completes, with or without a value; also one that a promise brings. */
function completing(call: Method): Method {
  return (message, context) => {
    const result = call(message, context);
    return result instanceof Promise ? result.then(completion) : completion(result);
  };
}

function completion(result: unknown): unknown {
  return isObservable(result) ? lastValueFrom(result, { defaultValue: undefined }) : result;
}
