"""The terms of the glossary, each in one plain sentence."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Term:
    """One term.

    Attributes:
        name: As it is written in a sentence.
        meaning: One plain sentence.
        example: A second one that shows it, or empty.
        where: Pages that show it.
        source: Who coined or published it, where it is a term of the field; else empty.
    """

    name: str
    meaning: str
    example: str = ""
    where: str = "Plan"
    source: str = ""

    @property
    def key(self) -> str:
        """The term in addresses: small letters, digits and hyphens."""
        return re.sub(r"[^a-z0-9]+", "-", self.name.lower()).strip("-")


TERMS: tuple[Term, ...] = (
    Term(
        "abstraction",
        "The share of paid time that is not patrol, such as leave, sickness, training and court.",
        "At an abstraction of 25 %, four officers give three officers' patrol.",
    ),
    Term(
        "baseline",
        "A simple rule that a plan or a forecast has to do better than.",
        "Patrol spread evenly is the baseline of every plan here.",
        "Plan, Compare, Forecast",
    ),
    Term(
        "budget",
        "What there is to give: units out at once, or the same in hours a month or in officers.",
        "12 units round the clock are 8,760 hours a month.",
    ),
    Term(
        "burden",
        "What people bear because patrols are there: stops, searches and being watched.",
        "The page Fairness shows it beside protection, as patrol per head.",
        "Fairness",
    ),
    Term(
        "calibration",
        "Whether ranges hold as often as they claim.",
        "Of 90 % ranges about nine in ten should hold what came; the page says how many did.",
        "Forecast",
    ),
    Term(
        "Cambridge Crime Harm Index",
        "A weight for each crime type: the days of prison that the guideline starts from for a first offender.",
        "A robbery counts as much as 365 shopliftings.",
        "Risk maps",
        "Sherman, Neyroud & Neyroud 2016, Policing 10(3)",
    ),
    Term(
        "cap",
        "The most patrol that a zone or a group may get.",
        "A cap of 1 unit keeps a second unit out of the same zone.",
    ),
    Term(
        "certificate",
        "The proof beside a plan: its figure worked out again, and a limit that no plan can beat.",
        "Where both are equal, nothing better exists in this model.",
    ),
    Term(
        "conformal range",
        "A range around a forecast that is as wide as the errors of past forecasts were.",
        "It needs no guess about how errors are spread.",
        "Forecast",
        "Vovk, Gammerman & Shafer 2005; Lei and others 2018, JASA 113",
    ),
    Term(
        "contracted hours",
        "The hours a week that an officer is paid for.",
        "Full time in England and Wales is 40.",
    ),
    Term(
        "coverage",
        "How much patrol a zone gets on average.",
        "0.5 is one unit half of the time.",
    ),
    Term(
        "crew",
        "The officers who make one unit.",
        "Two for double crews.",
    ),
    Term(
        "deployment",
        "One complete placing of all units, one of several that are drawn by lot.",
        "Tonight deployment 4 was drawn, with a unit in the market and two at the station.",
        "Rosters and areas",
    ),
    Term(
        "deprivation fifth",
        "The zones of the city in five parts of equal number, from the most to the least deprived.",
        "1 is the most deprived fifth.",
        "Fairness",
    ),
    Term(
        "displacement",
        "Crime that moves to another place because a patrol stopped it here.",
        "Where it was tested, places nearby gained from patrols more often than crime moved to them.",
        "Compare",
        "Braga and others 2019, J. Exp. Criminol. 15",
    ),
    Term(
        "dose",
        "The patrol that a place gets in one go or in one month.",
        "Stays of about 10 to 15 minutes did more than drive-throughs.",
        "Plan",
        "Koper 1995, Justice Quarterly 12(4)",
    ),
    Term(
        "double oracle",
        "Solving a large game by adding, in turn, the best answer of each side until neither finds a better one.",
        "Checkpoint plans are found so, with a proof.",
        "Checkpoints",
        "McMahan, Gordon & Blum 2003, ICML",
    ),
    Term(
        "effect",
        "The share of a zone's crime that a patrol is assumed to prevent while it is there.",
        "At an effect of half, a unit that is always there leaves half; it is an assumption, not a measurement.",
        "Plan",
    ),
    Term(
        "empirical Bayes",
        "Drawing a zone's rate towards that of all zones, the more the fewer crimes it had.",
        "A zone with one crime is no longer the safest of all by luck.",
        "Risk maps",
        "Marshall 1991, Applied Statistics 40(2)",
    ),
    Term(
        "fairness rule",
        "A limit on how far groups may differ in patrol or in harm left.",
        "Within 20 % of the city's patrol per head, for every group.",
        "Plan, Fairness",
    ),
    Term(
        "false discovery",
        "The share of found hot spots that may be chance.",
        "At 5 %, one in twenty named zones may be no hot spot.",
        "Risk maps",
        "Benjamini & Hochberg 1995, J. R. Stat. Soc. B 57",
    ),
    Term(
        "feedback loop",
        "Patrols find crime where they are, the records grow there, and the next plan sends patrols there again.",
        "Leaving out crime that patrols find themselves weakens it.",
        "Compare",
        "Lum & Isaac 2016, Significance 13(5); Ensign and others 2018",
    ),
    Term(
        "floor",
        "The least patrol that every zone or group gets, whatever the plan would do.",
        "A floor of 0.1 is a tenth of the time.",
    ),
    Term(
        "four-fifths line",
        "A screening line: the lowest group should have at least 80 % of what the highest has.",
        "It comes from employment practice in the United States, is not UK law, and proves nothing by itself.",
        "Fairness",
        "29 CFR 1607.4 (1978)",
    ),
    Term(
        "gap",
        "How far a plan can at most be from the best there is.",
        "0 % says that it is the best.",
        "Plan",
    ),
    Term(
        "generated data",
        "A city made up by a program, to learn the tool with.",
        "Nothing about it says anything about a real place.",
        "Start",
    ),
    Term(
        "Gini",
        "One figure for how unevenly something is spread: 0 is even, near 1 is all in one place.",
        "",
        "Fairness",
        "Gini 1912",
    ),
    Term(
        "harm",
        "Crime counted by how serious it is, instead of each once.",
        "One robbery then outweighs hundreds of thefts from shops.",
        "Risk maps",
    ),
    Term(
        "harm left",
        "The crime or harm that is still expected once patrols are where the plan puts them.",
        "549 crimes a month expected, 103 left.",
    ),
    Term(
        "hot spot",
        "A small place with far more crime than chance would put there.",
        "In Minneapolis 3 % of the addresses made half of the calls.",
        "Risk maps",
        "Sherman, Gartin & Buerger 1989, Criminology 27(1)",
    ),
    Term(
        "Index of Multiple Deprivation",
        "The official ranking of small areas in England by income, work, health, education, housing, crime and surroundings.",
        "A part of it is crime itself, so comparisons with crime use the income part.",
        "Fairness",
        "Ministry of Housing, Communities and Local Government, 2025",
    ),
    Term(
        "interval",
        "The range in which the true figure lies with the stated chance, by what the data can tell.",
        "549 a month, 90 % interval 543 to 556.",
        "Risk maps, Forecast",
    ),
    Term(
        "kernel density",
        "A smooth map of where crime points lie thick, made by spreading each point over its surroundings.",
        "The wider the spread, the smoother the map.",
        "Risk maps",
        "Silverman 1986, Density Estimation",
    ),
    Term(
        "local Moran",
        "A test of whether a zone is like its neighbours or stands out among them.",
        "High beside high is a cluster, high beside low an outlier.",
        "Risk maps",
        "Anselin 1995, Geographical Analysis 27(2)",
    ),
    Term(
        "LSOA",
        "A small census area of about 1,500 people; the usual patrol zone here.",
        "England and Wales have 35,672 of them.",
        "Data",
        "Office for National Statistics, Census 2021",
    ),
    Term(
        "marginals",
        "How often each zone or road is covered over many nights, without saying which go together.",
        "A road with 0.4 has a checkpoint on four nights in ten.",
        "Checkpoints",
        "Kiekintveld and others 2009, AAMAS",
    ),
    Term(
        "max-min",
        "Making the worst-off group as well off as can be, before anything else.",
        "",
        "Fairness",
        "Rawls 1971, A Theory of Justice",
    ),
    Term(
        "mean error",
        "How far a forecast is off on average, up or down.",
        "8 means 8 crimes in a zone and month.",
        "Forecast",
    ),
    Term(
        "minimax regret",
        "Keeping small what one would regret at most, once it is known what was uncertain.",
        "The plan is never far from the one that hindsight would have made.",
        "Plan",
        "Savage 1951, JASA 46",
    ),
    Term(
        "MSOA",
        "A census area of about 8,000 people, made of several LSOAs.",
        "",
        "Data",
        "Office for National Statistics, Census 2021",
    ),
    Term(
        "near repeat",
        "A crime soon after another one close by.",
        "After a burglary, houses nearby are at more risk for some weeks.",
        "Risk maps",
        "Townsley, Homel & Chaseling 2003, Brit. J. Criminol. 43(3)",
    ),
    Term(
        "offenders who do not react",
        "The assumption that crime stays where it is, whatever patrols do.",
        "Much crime happens at home or on the spur of the moment.",
        "Plan",
    ),
    Term(
        "offenders who make mistakes",
        "The assumption that offenders prefer places with little patrol but do not always find the best one.",
        "",
        "Plan",
        "McKelvey & Palfrey 1995, Games Econ. Behav. 10",
    ),
    Term(
        "offenders who watch",
        "The assumption that offenders know how much patrol each zone gets, but not when, and go where most is left.",
        "It is the careful assumption: whatever they do, they cannot do worse harm than the worst zone shown.",
        "Plan",
    ),
    Term(
        "ONS Crime Severity Score",
        "A weight for each crime type, made from the sentences that courts gave.",
        "",
        "Risk maps",
        "Office for National Statistics 2016",
    ),
    Term(
        "PAI",
        "How many times more crime a flagged area holds than an area of that size would by chance.",
        "60 % of crime on 5 % of the area is a PAI of 12.",
        "Risk maps, Forecast",
        "Chainey, Tompson & Uhlig 2008, Security Journal 21",
    ),
    Term(
        "parity",
        "The same rate for every group, within what the rule allows.",
        "Patrol per head within 20 % of the city's.",
        "Fairness",
    ),
    Term(
        "patrol area",
        "Zones that belong together, so that every area has about equal work.",
        "Also called a beat.",
        "Rosters and areas",
    ),
    Term(
        "PEI",
        "How much of the crime that could have been caught on that much area was caught.",
        "1 is as good as knowing the future.",
        "Risk maps, Compare",
        "Hunt 2016",
    ),
    Term(
        "price of fairness",
        "How much more harm is left because a fairness rule holds.",
        "",
        "Fairness",
        "Bertsimas, Farias & Trichakis 2011, Oper. Res. 59(1)",
    ),
    Term(
        "proportionality",
        "Every group's share of the patrols equals its share of the harm, within what the rule allows.",
        "",
        "Fairness",
    ),
    Term(
        "protection",
        "How little harm is left for the people of a group.",
        "",
        "Fairness",
    ),
    Term(
        "public sector equality duty",
        "The duty of public bodies to think of people with protected characteristics before they decide, and while they act.",
        "",
        "Method and responsible use",
        "Equality Act 2010, section 149",
    ),
    Term(
        "quantal response",
        "A rule for people who choose better options more often, but not always.",
        "How well they choose is one number: at 0 they do not look, at 100 they hardly make mistakes.",
        "Plan",
        "McKelvey & Palfrey 1995, Games Econ. Behav. 10",
    ),
    Term(
        "response",
        "What a second and a third unit in the same zone add.",
        "A second unit prevents half of what the first one left.",
        "Plan",
    ),
    Term(
        "robust plan",
        "A plan that stays good when the figures it is made from are wrong within limits.",
        "",
        "Plan",
        "Ben-Tal & Nemirovski 1998; Bertsimas & Sim 2004",
    ),
    Term(
        "seasonal average",
        "A zone's usual level, times how the city's month usually stands to the year.",
        "",
        "Plan, Forecast",
    ),
    Term(
        "seed",
        "A number that fixes every random draw, so that the same choices give the same result.",
        "",
        "Rosters and areas",
    ),
    Term(
        "Shapley value",
        "How much each known fact moved a forecast up or down, shared out fairly among them.",
        "It says what the model used, not what causes crime.",
        "Forecast",
        "Shapley 1953; Lundberg & Lee 2017, NeurIPS",
    ),
    Term(
        "snap point",
        "The nearest of some 750,000 fixed points that police.uk publishes a crime at, in place of its true place.",
        "No map made from them says where exactly a crime happened.",
        "Data",
        "data.police.uk/about",
    ),
    Term(
        "spread of an area",
        "How far the zones of a patrol area lie from its middle.",
        "Less is more compact.",
        "Rosters and areas",
    ),
    Term(
        "Stackelberg game",
        "A game in which one side chooses first and the other answers, knowing the choice.",
        "The force sets how much patrol each zone gets; offenders watch, then choose.",
        "Plan",
        "von Stackelberg 1934; Conitzer & Sandholm 2006, ACM EC",
    ),
    Term(
        "test origin",
        "A past month from which the months after it are forecast, to compare with what came.",
        "",
        "Forecast",
    ),
    Term(
        "uniform patrol",
        "The same patrol in every zone: what most plans are compared with.",
        "",
        "Plan, Compare",
    ),
    Term(
        "unit",
        "One patrol that can be in one place at a time, on foot or in a car.",
        "",
        "Plan",
    ),
    Term(
        "ward",
        "The area that elects councillors; made of several small census areas.",
        "",
        "Data",
    ),
    Term(
        "worst zone",
        "The zone where most harm is left, and so the best that offenders who watch can find.",
        "The plan makes it as good as can be.",
        "Plan",
    ),
    Term(
        "zone",
        "The smallest area that gets patrols of its own: a small census area, a ward, or a square of a grid.",
        "",
        "Data",
    ),
)
"""In order of the alphabet."""
