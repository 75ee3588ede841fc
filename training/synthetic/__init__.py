"""Training data that a language model helps to write: four pipelines, by the names that recipes use."""

from training.synthetic.esci_choice import EsciChoice
from training.synthetic.instructions import WriteInstructions
from training.synthetic.items import Pipeline
from training.synthetic.labels import LabelProducts
from training.synthetic.rephrase import Rephrase

PIPELINES: dict[str, Pipeline] = {
    pipeline.name: pipeline for pipeline in (Rephrase(), LabelProducts(), WriteInstructions(), EsciChoice())
}
