"""Training data that a language model helps to write: four pipelines, by the names that recipes use."""

from training.data.synthetic.esci_choice import EsciChoice
from training.data.synthetic.instructions import WriteInstructions
from training.data.synthetic.items import Pipeline
from training.data.synthetic.labels import LabelProducts
from training.data.synthetic.rephrase import Rephrase

PIPELINES: dict[str, Pipeline] = {
    pipeline.name: pipeline for pipeline in (Rephrase(), LabelProducts(), WriteInstructions(), EsciChoice())
}
