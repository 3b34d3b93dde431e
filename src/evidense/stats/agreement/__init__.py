"""Agreement: shares above chance, agreement of raters beyond chance, and how many independent raters several are worth."""
