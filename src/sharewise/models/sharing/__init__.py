"""Sharing methods, one a file. A new method is a file here, and the line in this one that imports it."""

from sharewise.models.sharing.adapters import AdapterSharing as AdapterSharing
from sharewise.models.sharing.cross_stitch import CrossStitchSharing as CrossStitchSharing
from sharewise.models.sharing.group_encoders import GroupEncodersSharing as GroupEncodersSharing
from sharewise.models.sharing.grouped import GroupedSharing as GroupedSharing
from sharewise.models.sharing.groups import AUTO as AUTO
from sharewise.models.sharing.groups import GroupsOptions as GroupsOptions
from sharewise.models.sharing.groups import groups_in_use as groups_in_use
from sharewise.models.sharing.groups import with_groups as with_groups
from sharewise.models.sharing.hard import HardOptions as HardOptions
from sharewise.models.sharing.hard import HardSharing as HardSharing
from sharewise.models.sharing.interaction import InteractionSharing as InteractionSharing
from sharewise.models.sharing.labelwise import LabelwiseSharing as LabelwiseSharing
from sharewise.models.sharing.lora import LoraSharing as LoraSharing
from sharewise.models.sharing.mmoe import MmoeSharing as MmoeSharing
from sharewise.models.sharing.ple import PleSharing as PleSharing
from sharewise.models.sharing.sharing import Penalised as Penalised
from sharewise.models.sharing.sharing import Sharing as Sharing
from sharewise.models.sharing.sharing import SharingOptions as SharingOptions
from sharewise.models.sharing.sharing import is_own as is_own
from sharewise.models.sharing.soft import SoftSharing as SoftSharing

# Every method that is imported above, by its name in the study file.
SHARINGS: dict[str, type[Sharing]] = {method.name: method for method in Sharing.__subclasses__()}
