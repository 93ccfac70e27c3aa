"""The recipes for eggs, for recipes that build upon them where nobody has installed `zc.recipe.egg`."""

from zc.recipe.egg.custom import Custom, Develop
from zc.recipe.egg.egg import Egg, Eggs, Scripts

__all__ = ('Custom', 'Develop', 'Egg', 'Eggs', 'Scripts')
