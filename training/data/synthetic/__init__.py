"""Training data that a language model helps to write: four generators, by the names that recipes use."""

from training.data.synthetic.esci_choice import EsciChoice
from training.data.synthetic.instructions import WriteInstructions
from training.data.synthetic.items import Generator
from training.data.synthetic.labels import LabelProducts
from training.data.synthetic.rephrase import Rephrase

GENERATORS: dict[str, Generator] = {
    generator.name: generator for generator in (Rephrase(), LabelProducts(), WriteInstructions(), EsciChoice())
}
