#!/usr/bin/env bash
# Packages:  npm @langchain/langgraph 1.7.3 with @langchain/core 1.4.0, and PyPI langgraph 1.2.24: one library in two languages
# Behaviour: two nodes of a graph run side by side, and each asks by interrupt(). Resumed with one plain value, Python refuses and
#            wants the id of the interrupt. JavaScript gives that one value to both, so the answer to the first question is also
#            taken for the answer to the second, which nobody has answered. By their ids (a map), both languages do the same.
# Output seen:
#   JavaScript   one value: flight=yes hotel=yes   by id: hotel=yes, one question open
#   Python       one value: RuntimeError   by id: hotel=yes, one question open
set -euo pipefail
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund @langchain/langgraph@1.7.3 @langchain/core@1.4.0 >/dev/null
python3 -m venv venv && venv/bin/pip install --quiet --disable-pip-version-check langgraph==1.2.24
cat > try.mjs <<'X'
import { Annotation, Command, interrupt, MemorySaver, START, StateGraph } from "@langchain/langgraph";

const State = Annotation.Root({ answers: Annotation({ reducer: (a, b) => [...a, ...b], default: () => [] }) });
const asks = (name) => () => ({ answers: [`${name}=${interrupt(name)}`] });
const graph = new StateGraph(State)
  .addNode("hotel", asks("hotel"))
  .addNode("flight", asks("flight"))
  .addEdge(START, "hotel")
  .addEdge(START, "flight")
  .compile({ checkpointer: new MemorySaver() });

async function resumed(thread, resume) {
  const config = { configurable: { thread_id: thread } };
  const { __interrupt__: open } = await graph.invoke({ answers: [] }, config);
  return await graph.invoke(new Command({ resume: resume(open) }), config);
}
const plain = await resumed("one", () => "yes").then(({ answers }) => answers.sort().join(" "), ({ name }) => name);
const byId = await resumed("two", (open) => ({ [open.find(({ value }) => value === "hotel").id]: "yes" }));
const { tasks } = await graph.getState({ configurable: { thread_id: "two" } });
const answered = tasks.flatMap(({ result }) => result?.answers ?? []);
console.log(`JavaScript   one value: ${plain}   by id: ${answered.join(" ")}, ${byId.__interrupt__.length === 1 ? "one question" : "more"} open`);
X
cat > try.py <<'X'
import operator
from typing import Annotated, TypedDict

from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import START, StateGraph
from langgraph.types import Command, interrupt


class State(TypedDict):
    answers: Annotated[list, operator.add]


def asks(name):
    return lambda _state: {"answers": [f"{name}={interrupt(name)}"]}


builder = StateGraph(State)
for name in ("hotel", "flight"):
    builder.add_node(name, asks(name))
    builder.add_edge(START, name)
graph = builder.compile(checkpointer=InMemorySaver())


def resumed(thread, resume):
    config = {"configurable": {"thread_id": thread}}
    asked = graph.invoke({"answers": []}, config)["__interrupt__"]
    return graph.invoke(Command(resume=resume(asked)), config)


try:
    plain = " ".join(sorted(resumed("one", lambda _asked: "yes")["answers"]))
except Exception as error:
    plain = type(error).__name__
by_id = resumed("two", lambda asked: {next(a.id for a in asked if a.value == "hotel"): "yes"})
tasks = graph.get_state({"configurable": {"thread_id": "two"}}).tasks
answered = [answer for task in tasks for answer in (task.result or {}).get("answers", [])]
still = "one question" if len(by_id["__interrupt__"]) == 1 else "more"
print(f"Python       one value: {plain}   by id: {' '.join(answered)}, {still} open")
X
said=$(node try.mjs; venv/bin/python try.py); echo "$said"
grep -q '^JavaScript   one value: flight=yes hotel=yes   by id: hotel=yes, one question open$' <<<"$said"
grep -q '^Python       one value: RuntimeError   by id: hotel=yes, one question open$' <<<"$said"
