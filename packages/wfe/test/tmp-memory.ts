// @ts-nocheck
import { ConflictError, WorkflowAlreadyExistsError, isOpen } from "wfe-core";
export class InMemoryStore { w = new Map(); ev = []; subs = new Map(); consumed = new Map(); errs = []; seqs = new Map(); arrival = 0; }
export class InMemoryPersistenceProvider {
  s; constructor({ store }) { this.s = store; }
  async start() {} async stop() {} async ensureStoreExists() {}
  row(i) { const { pointers, createdArrival, ...r } = i; return { ...r }; }
  async createNewWorkflow(w) { const e = this.s.w.get(w.id); if (e) throw new WorkflowAlreadyExistsError(w.id, e);
    this.s.w.set(w.id, { ...w, pointers: new Map(w.pointers.map((p) => [p.id, p])), status: "runnable", revision: 0, controlSeq: 0, inboxSeq: 0, sequence: 1, createdArrival: this.s.arrival }); return w.id; }
  deliveries(id) { return [...this.s.subs.values()].filter((x) => x.workflowId === id && x.eventId).map((x) => ({ subscriptionId: x.id, pointerId: x.pointerId, eventId: x.eventId, data: this.s.ev.find((e) => e.id === x.eventId).data })); }
  pick(sub, now) { const i = this.s.w.get(sub.workflowId); const used = this.s.consumed.get(sub.workflowId) ?? new Set();
    const c = this.s.ev.filter((e) => e.name === sub.name && e.key === sub.key && !used.has(e.id) && !(e.eligibleAt > now) && (sub.bound.effectiveDate ? e.time >= sub.bound.effectiveDate : e.arrival > i.createdArrival)).sort((a, b) => a.time - b.time || a.arrival - b.arrival)[0];
    if (!c) return false; sub.eventId = c.id; i.inboxSeq++; i.dueAt = now; return true; }
  async persistWorkflow(c, now) { const i = this.s.w.get(c.workflowId); if (!i) throw new ConflictError(c.workflowId, "missing");
    const cur = { revision: i.revision, controlSeq: i.controlSeq, inboxSeq: i.inboxSeq, status: i.status };
    if (i.commitId === c.commitId) return { revision: i.revision, inboxSeq: i.inboxSeq, pendingDeliveries: this.deliveries(i.id) };
    if (i.revision !== c.expected.revision) throw new ConflictError(c.workflowId, "revision", cur);
    if (i.controlSeq !== c.expected.controlSeq) throw new ConflictError(c.workflowId, "control", cur);
    if (c.expected.inboxSeq !== undefined && i.inboxSeq !== c.expected.inboxSeq) throw new ConflictError(c.workflowId, "inbox", cur);
    i.revision++; i.commitId = c.commitId; i.status = c.status; if (c.data !== undefined) i.data = c.data; i.sequence = c.sequence; i.error = c.error; i.completedAt = c.completedAt; if (c.error === undefined) delete i.error; if (!c.completedAt) delete i.completedAt;
    if (i.inboxSeq > c.seenInboxSeq) i.dueAt = now; else if (c.dueAt) i.dueAt = c.dueAt; else delete i.dueAt;
    for (const p of c.pointers) i.pointers.set(p.id, p);
    for (const x of c.consume) { this.s.subs.delete(x.subscriptionId); const u = this.s.consumed.get(i.id) ?? new Set(); u.add(x.eventId); this.s.consumed.set(i.id, u); }
    for (const x of c.closeSubscriptions) this.s.subs.delete(x);
    for (const x of c.openSubscriptions) { const s = { ...x, workflowId: i.id }; this.s.subs.set(x.id, s); this.pick(s, now); }
    for (const e of c.events) if (!this.s.ev.some((o) => o.id === e.id)) this.s.ev.push({ ...e, arrival: ++this.s.arrival, delivered: false, storedAt: now });
    this.s.errs.push(...c.errors);
    return { revision: i.revision, inboxSeq: i.inboxSeq, pendingDeliveries: this.deliveries(i.id) }; }
  async loadForPass(id, o) { const i = this.s.w.get(id); if (!i) return undefined; return { row: this.row(i), ...(o?.knownRevision === i.revision ? {} : { pointers: [...i.pointers.values()].filter((p) => isOpen(p.status)).sort((a, b) => a.seq - b.seq) }), deliveries: this.deliveries(id) }; }
  async getWorkflowInstance(id) { const i = this.s.w.get(id); return i && { ...this.row(i), pointers: [...i.pointers.values()].sort((a, b) => a.seq - b.seq) }; }
  async getWorkflowInstanceByName(n) { for (const i of this.s.w.values()) if (i.name === n) return this.getWorkflowInstance(i.id); }
  async getWorkflowInstances(ids) { return (await Promise.all(ids.map((x) => this.getWorkflowInstance(x)))).filter(Boolean); }
  async claimDueInstances(asAt, { definitions, limit, claimUntil }) { const r = [...this.s.w.values()].filter((i) => i.status === "runnable" && i.dueAt && i.dueAt <= asAt && definitions.some((d) => d.id === i.definitionId && d.version === i.version && d.fingerprint === i.fingerprint)).sort((a, b) => a.dueAt - b.dueAt).slice(0, limit); for (const i of r) i.dueAt = claimUntil; return r.map((i) => i.id); }
  async command(id, k, now, o) { const i = this.s.w.get(id); if (!i) return undefined; const from = k === "suspend" ? ["runnable"] : k === "resume" ? ["suspended"] : ["runnable", "suspended"]; if (!from.includes(i.status)) return false;
    i.controlSeq++; i.status = k === "suspend" ? "suspended" : k === "resume" ? "runnable" : "terminated"; delete i.dueAt; if (k === "resume") { i.dueAt = now; delete i.error; }
    if (k === "terminate") { i.completedAt = now; for (const [id, p] of i.pointers) if (isOpen(p.status)) i.pointers.set(id, { ...p, status: "cancelled", endedAt: now }); for (const s of [...this.s.subs.values()]) if (s.workflowId === id) this.s.subs.delete(s.id); this.s.ev.push({ ...o.completedEvent, time: now, arrival: ++this.s.arrival, delivered: false }); }
    return true; }
  async readSignals(ids) { return ids.flatMap((id) => { const i = this.s.w.get(id); return i ? [{ id, status: i.status, revision: i.revision, controlSeq: i.controlSeq, inboxSeq: i.inboxSeq }] : []; }); }
  async nextDefinitionSequence(d, n) { const v = this.s.seqs.get(d) ?? 1; this.s.seqs.set(d, v + n); return v; }
  async listWorkflows() { return { items: [...this.s.w.values()].map((i) => this.row(i)) }; } async countWorkflows() { return this.s.w.size; } async deleteWorkflows(ids) { let n = 0; for (const x of ids) n += this.s.w.delete(x) ? 1 : 0; return n; }
  async createEvent(e, now) { if (!this.s.ev.some((o) => o.id === e.id)) this.s.ev.push({ ...e, arrival: ++this.s.arrival, delivered: false, storedAt: now }); return e.id; }
  async getEvent(id) { return this.s.ev.find((e) => e.id === id); } async getEvents() { return []; }
  async getRunnableEvents(asAt) { return this.s.ev.filter((e) => !e.delivered && !(e.eligibleAt > asAt)); }
  async deliverEvents(topics, now) { const ids = new Set(); for (const t of topics) { for (const s of this.s.subs.values()) if (!s.eventId && s.name === t.name && s.key === t.key && this.pick(s, now)) ids.add(s.workflowId); for (const e of this.s.ev) if (e.name === t.name && e.key === t.key && !(e.eligibleAt > now)) e.delivered = true; } return [...ids]; }
  async deleteDeliveredEvents() { return 0; }
  async getErrors(id) { return this.s.errs.filter((e) => e.workflowId === id); }
}
