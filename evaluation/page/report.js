// The questions of one report.
const rows = data.rows.map((values) => Object.fromEntries(data.columns.map((name, i) => [name, values[i]])));
for (const row of rows) {
  row.raw_text = row.raw_text === 0 ? row.response : row.raw_text;
  row.prompt = Array.isArray(row.prompt) ? data.prompts[row.prompt[0]].split("\0").join(row.question.trim()) : row.prompt;
  row.isWrong = row.score !== null && row.score < 1;
  row.isUnlike = row.task_type_found !== null && row.task_type_found !== row.task_type;
  row.isWeak = row.confidence !== null && row.confidence < data.weakEvidence;
  row.flags = [
    row.cut && "cut", row.fallback && "fallback", row.completed && "completed", row.calibrated && "calibrated",
    row.isUnlike && "unlike its type", row.isWeak && "weak evidence",
  ].filter(Boolean).join(", ");
}

function show(row) {
  const read = row.task_type_found === null ? "" : `, read as ${row.task_type_found} with the form ${row.form}`;
  const sure = row.confidence === null || row.task_type === "multiple-choice" ? "" : ` (${Math.round(100 * row.confidence)} % sure)`;
  const counts = row.entity_counts && `${row.entity_counts.tp} right, ${row.entity_counts.fp} wrong, ${row.entity_counts.fn} missed`;
  const took = row.tokens !== null && row.seconds !== null && `${row.tokens} ${row.tokens === 1 ? "token" : "tokens"}, ${row.seconds.toFixed(2)} s after its batch began`;
  const whose = row.cut !== null && (row.cut ? "cut by the clock" : row.fallback ? "the form's fallback, not the model" : "the model's answer");
  const options = Object.entries(row.option_logprobs ?? {}).map(([option, value]) =>
    `${option.padStart(3)}  ${value === null ? "-inf" : `${value.toFixed(3).padStart(8)}  ${(100 * Math.exp(value)).toFixed(1).padStart(5)} %`}`);
  return [
    element("h2", `Question ${row.id}, line ${row.line}: ${row.task_name}`),
    element("p", `${row.task_type}, ${row.metric}${read}${sure}. Score ${row.score === null ? "none" : row.score.toFixed(3)}.`),
    element("p", [counts, took, whose, row.flags].filter(Boolean).join("; "), "soft"),
    ...(row.isUnlike ? [element("p", `The data say ${row.task_type}; it was read as ${row.task_type_found}.`, "doubt")] : []),
    ...(row.isWeak ? [element("p", "Weak evidence: its form may not be the right one.", "doubt")] : []),
    block("Question", row.question),
    sideBySide(block("Answer", row.response), block("Truth", row.truth)),
    ...(options.length ? [block("Log-probabilities of the options, before calibration", options.join("\n"))] : []),
    ...(row.raw_text === null ? [] : [block("Raw text", row.raw_text)]),
    block(row.prompt_tokens === null ? "Prompt sent" : `Prompt sent (${row.prompt_tokens} tokens)`, row.prompt ?? "none"),
    element("p", `Why it was read so: ${data.show} REPORT --id ${row.id}`, "soft"),
  ];
}

browse({
  rows,
  columns: [
    number("id", "id", "3.2rem", String), column("track", "track", "3.8rem"), column("task", "task_name", "10rem"),
    column("type", "task_type", "9rem", "wide"), number("score", "score", "4.2rem"), column("notes", "flags", "9rem", "wide"),
    column("answer", "response", "auto"), column("truth", "truth", "auto"), column("question", "question", "auto", "wide"),
  ],
  sortedBy: "score",
  textOf: (row) => `${row.id}\n${row.task_name}\n${row.question}\n${row.response}\n${row.raw_text}\n${row.truth}`,
  show,
  keys: { w: () => byId("only-wrong").click() },
});
