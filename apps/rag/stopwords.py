"""French words that carry no meaning in a question or a text, folded; with what people type around a question."""

from __future__ import annotations

_TABLE = """
a ai aie aient ainsi alors apres as assez au aucun aucune aujourd'hui auquel aura aurait aussi autre autres aux
auxquelles auxquels avaient avait avant avec avez avoir avons ayant bien bonjour bonsoir c ca car ce ceci cela
celle celles celui cependant ces cet cette ceux chaque chez ci comme comment concernant d dans de dedans deja
depuis des desquels devra devrait dis dit doit doivent donc donne dont du duquel durant elle elles en encore
entre es est est-ce et etaient etait etant ete etes etre eu eux faire fais fait faut furent fut hors ici il ils
j je jusque juste koi l la laquelle le lequel les lesquelles lesquels leur leurs lors lorsque lui m ma mais me
meme memes merci mes moi moins mon n ne ni non nos notre nous on ont or ou par parce parmi pas pendant peu peut
peuvent plus plutot pour pourquoi pourra pourrait puis puisque qu quand que quel quelle quelles quels qui quoi s
sa salut sans savoir se selon sera serait seront ses si sinon soi soient soit sommes son sont sous stp suis sur
svp t ta tandis te tel telle telles tels tes toi ton tous tout toute toutes tres trop tu un une vers veux via
voici voila vos votre voudrais vous y
"""

STOP_WORDS = frozenset(_TABLE.split())
