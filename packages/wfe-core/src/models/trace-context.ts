/**
 * Where a trace goes on, as it travels: the fields of W3C Trace Context and Baggage (`traceparent`, `tracestate`, `baggage`), or those of another
 * propagator. The engine keeps it as it is and looks into none of it; it is no payload, and no codec is asked for it.
 */
export type TraceContext = { readonly [name: string]: string };
