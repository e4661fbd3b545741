"""Who is asking."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Principal:
    """A person as every permission check sees them: ids and roles, no row."""

    user_id: UUID | None = None
    organisation_ids: tuple[UUID, ...] = ()
    is_curator: bool = False
    is_superuser: bool = False

    @property
    def is_anonymous(self) -> bool:
        return self.user_id is None


ANONYMOUS = Principal()
