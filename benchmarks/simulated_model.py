"""Answers questions with a PyTorch model as `ShopBenchModel` does with vLLM: same prompts, forms, budgets and calibration.

For models that vLLM cannot serve, such as simulated kernels. There is no clock. A prompt is read once: where an answer to
it is known, its probability comes from the same reading.
"""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from transformers import DynamicCache, PreTrainedModel

from submission.answer_formats import FreeText
from submission.answers import Answer, make_answer
from submission.asking import Asker
from submission.calibration import ChoiceCalibration, calibrate_choices
from submission.chat_encoder import ChatEncoder
from submission.context import fit_context
from submission.decoding.masking import Masking
from submission.decoding.vocabulary import Vocabulary
from submission.engine import Generation, Request
from submission.profiles import CPU
from submission.questions import read_question
from submission.time_budget import STAGES
from submission.tracks import track_by_number

TRACK = track_by_number(5)


class SimulatedModel:
    """A `UserModel` on `model`, whose tokenizer is in `folder`; `known` has answers by prompt, all as token ids.

    `probabilities` holds for each known answer that came by its summed natural log-probability and its tokens.
    """

    def __init__(self, folder: Path, model: PreTrainedModel, known: Mapping[tuple[int, ...], Sequence[int]]) -> None:
        self.model_folder = folder
        self.last_answers: list[Answer] = []
        self.probabilities: list[tuple[float, int]] = []
        self._model = model
        self._known = known
        self._encoder = ChatEncoder(folder)
        context = fit_context(CPU, folder).max_model_len
        self._asker = Asker(TRACK, self._encoder, context, model.config.vocab_size, calibrated=True)
        self._calibration = ChoiceCalibration()
        self._masking = Masking(
            Vocabulary.from_tokenizer(self._encoder.tokenizer), torch.device("cpu"), pin_memory=False
        )
        ends = model.generation_config.eos_token_id
        self._ends = {self._encoder.tokenizer.eos_token_id, *(ends if isinstance(ends, list) else [ends])} - {None}

    def get_batch_size(self) -> int:
        """Return the served batch size, in which choices are calibrated."""
        return CPU.batch_size

    def batch_predict(self, batch: dict[str, Any], is_multiple_choice: bool) -> list[str]:
        """Return one answer a prompt, in order, each in the form that its question asks for."""
        stage = STAGES[0]
        questions = [read_question(prompt, is_multiple_choice) for prompt in batch["prompt"]]
        requests = self._asker.requests(questions, stage)
        generations = [self._generate(requests[i]) if i in requests else Generation() for i in range(len(questions))]
        calibrate_choices(self._calibration, questions, generations)
        self.last_answers = [
            make_answer(question, requests.get(i), generation, stage, self._encoder.decode, constrained=True)
            for i, (question, generation) in enumerate(zip(questions, generations, strict=True))
        ]
        return [answer.answer for answer in self.last_answers]

    @torch.inference_mode()
    def _generate(self, request: Request) -> Generation:
        cache = DynamicCache()
        logits = self._read(request.prompt_token_ids, cache)[-1:]
        if answer := self._known.get(tuple(request.prompt_token_ids)):
            rows = torch.cat([logits, self._read(answer[:-1], cache)]) if len(answer) > 1 else logits
            found = rows.log_softmax(-1).gather(1, torch.tensor(answer)[:, None])
            self.probabilities.append((float(found.sum()), len(answer)))
            if len(answer) > 1:
                cache.crop(1 - len(answer))
        return self._decode(request, logits, cache)

    def _read(self, ids: Sequence[int], cache: DynamicCache) -> torch.Tensor:
        """Read tokens behind those in `cache` into it; return logits [tokens, vocabulary], after a whole prompt the last."""
        kept = 0 if cache.get_seq_length() else 1
        out = self._model(torch.tensor([list(ids)]), past_key_values=cache, use_cache=True, logits_to_keep=kept)
        return out.logits[0].float()

    def _decode(self, request: Request, logits: torch.Tensor, cache: DynamicCache) -> Generation:
        """Decode greedily in the request's form, as `Engine` steps."""
        generation, form, written = Generation(done=True), request.answer_format, list[int]()
        automaton = None if isinstance(form, FreeText) else self._masking.automaton(form, self._ends)
        state = automaton.start if automaton else None
        while len(written) < request.max_tokens:
            row = logits.clone()
            if not written:
                row[0, list(self._ends)] = -math.inf  # an empty answer is no answer
            if automaton and state:
                row = self._masking.apply(row, [(0, automaton, state)])
            token = int(row.argmax())
            if not written and request.num_logprobs:
                generation.logprobs = self._alternatives(row[0], 2 * request.num_logprobs + 2)
            written.append(token)
            generation.num_tokens = len(written)
            generation.finished = token in self._ends
            if generation.finished:
                break
            generation.text = self._encoder.tokenizer.decode(written, skip_special_tokens=True)
            if (rest := form.determined_rest(generation.text)) is not None:
                generation.text, generation.finished = generation.text + rest, True
                break
            if automaton and state:
                state = automaton.advance(state, token)
            logits = self._read([token], cache)
        return generation

    def _alternatives(self, row: torch.Tensor, count: int) -> dict[str, float]:
        """Return the log-probabilities of the likeliest first tokens by their text, impossible ones left out."""
        values, tokens = row.log_softmax(-1).topk(count)
        found: dict[str, float] = {}
        for value, token in zip(values.tolist(), tokens.tolist(), strict=True):
            text = self._encoder.tokenizer.decode([token]).strip()
            if text and value > -math.inf:
                found[text] = float(torch.tensor([found.get(text, -math.inf), value]).logsumexp(0))
        return found
