"""Who the sample contractor is: its companies' jobs, codes, vendors and what it usually buys.

Fixed facts only; `sample_month` makes amounts, dates and events of them. Everything here is
invented; cost codes follow the divisions of the US construction trade.
"""

# fmt: off
from decimal import Decimal

TIME_ZONE = "America/Denver"
#: the legal entity of the platform's default company, and that of the second company
BUILDERS, CIVIL = "cedar-ridge", "cedar-ridge-civil"

#: code, name, category of the account map
COST_TYPES = [
    ("L", "Labor", "labor"),
    ("B", "Labor Burden", "burden"),
    ("M", "Material", "material"),
    ("E", "Owned Equipment", "equipment"),
    ("R", "Equipment Rental", "equipment"),
    ("S", "Subcontract", "subcontract"),
    ("O", "Other Job Cost", "other"),
    ("OH", "Job Overhead", "overhead"),
]

#: division, name, codes of the division: (code, name, unit of production or None)
DIVISIONS = [
    ("01", "General Requirements", [
        ("01-3100", "Project Management and Coordination", "mo"),
        ("01-4500", "Quality Control and Testing", None),
        ("01-5000", "Temporary Facilities", "mo"),
        ("01-5400", "Hoisting and Access", "wk"),
        ("01-7400", "Cleaning and Waste", "ea"),
        ("01-9000", "Contingency", None),
    ]),
    ("02", "Existing Conditions", [("02-4100", "Demolition", "sf")]),
    ("03", "Concrete", [
        ("03-1000", "Concrete Forming", "sf"),
        ("03-2000", "Reinforcing Steel", "ton"),
        ("03-3000", "Cast-in-Place Concrete", "cy"),
        ("03-4000", "Precast Concrete", "ea"),
    ]),
    ("04", "Masonry", [("04-2000", "Unit Masonry", "sf")]),
    ("05", "Metals", [
        ("05-1200", "Structural Steel Framing", "ton"),
        ("05-3000", "Metal Decking", "sf"),
        ("05-5000", "Metal Fabrications", "ls"),
    ]),
    ("06", "Wood, Plastics and Composites", [
        ("06-1000", "Rough Carpentry", "sf"),
        ("06-4000", "Architectural Woodwork", "lf"),
    ]),
    ("07", "Thermal and Moisture Protection", [
        ("07-2100", "Thermal Insulation", "sf"),
        ("07-5000", "Membrane Roofing", "sf"),
        ("07-9200", "Joint Sealants", "lf"),
    ]),
    ("08", "Openings", [
        ("08-1000", "Doors and Frames", "ea"),
        ("08-4000", "Entrances and Storefronts", "sf"),
        ("08-7100", "Door Hardware", "ea"),
    ]),
    ("09", "Finishes", [
        ("09-2000", "Gypsum Board", "sf"),
        ("09-5100", "Acoustical Ceilings", "sf"),
        ("09-6500", "Resilient Flooring", "sf"),
        ("09-9000", "Painting and Coating", "sf"),
    ]),
    ("10", "Specialties", [("10-2800", "Toilet Accessories", "ea")]),
    ("14", "Conveying Equipment", [("14-2000", "Elevators", "ea")]),
    ("21", "Fire Suppression", [("21-1000", "Sprinkler Systems", "sf")]),
    ("22", "Plumbing", [
        ("22-1000", "Plumbing Piping", "lf"),
        ("22-4000", "Plumbing Fixtures", "ea"),
    ]),
    ("23", "Heating, Ventilating and Air Conditioning", [
        ("23-3000", "Air Distribution", "lf"),
        ("23-7000", "Central Equipment", "ea"),
    ]),
    ("26", "Electrical", [
        ("26-0500", "Electrical Rough-In", "lf"),
        ("26-5000", "Lighting", "ea"),
    ]),
    ("31", "Earthwork", [
        ("31-1000", "Site Clearing", "sf"),
        ("31-2000", "Earth Moving", "cy"),
        ("31-6000", "Drilled Piers", "lf"),
    ]),
    ("32", "Exterior Improvements", [
        ("32-1100", "Base Courses", "ton"),
        ("32-1200", "Asphalt Paving", "ton"),
        ("32-1600", "Curbs and Sidewalks", "lf"),
        ("32-9000", "Planting", "sf"),
    ]),
    ("33", "Utilities", [
        ("33-1000", "Water Distribution", "lf"),
        ("33-4000", "Storm Drainage", "lf"),
    ]),
]

#: codes that only the civil job uses: its own list, below a division that it brings along
JOB_CODES = ("26-107", "34", "Transportation", [
    ("34-4100", "Traffic Signals", "ea"),
    ("34-7100", "Roadway Barriers", "lf"),
    ("34-8000", "Bridge Deck and Bearings", "sf"),
])

#: external id, name, legal name or None, tax id, city, zip, subcontractor?
VENDORS = [
    ("v-2001", "Front Range Ready Mix", "Front Range Ready Mix, Inc.", "84-1207731",
     "Denver", "80216", False),
    ("v-2002", "Mesa Rebar & Supply", None, "84-2290418", "Aurora", "80011", False),
    ("v-2003", "Granite Peak Lumber", "Granite Peak Lumber Co.", "84-1886302",
     "Golden", "80401", False),
    ("v-2004", "High Plains Equipment Rental", None, "47-3310957", "Brighton", "80601", False),
    ("v-2005", "Silverthorne Steel Erectors", "Silverthorne Steel Erectors LLC", "81-4402176",
     "Commerce City", "80022", True),
    ("v-2006", "Peña Masonry", "Peña Masonry & Stone, Inc.", "84-3017765",
     "Pueblo", "81003", True),
    ("v-2007", "Summit Mechanical Contractors", None, "84-1559024", "Lakewood", "80215", True),
    ("v-2008", "Bluebird Electric", "Bluebird Electric Company", "20-8843190",
     "Fort Collins", "80524", True),
    ("v-2009", "Aspen Interiors", "Aspen Interior Systems LLC", "83-2276641",
     "Boulder", "80301", True),
    ("v-2010", "Red Rocks Roofing", None, "84-2741180", "Littleton", "80120", True),
    ("v-2011", "Platte Valley Earthworks", "Platte Valley Earthworks, Inc.", "84-1038852",
     "Greeley", "80631", True),
    ("v-2012", "Meridian Testing Laboratories", None, "46-5172093", "Denver", "80204", False),
]

#: external id, number, name, legal entity, contract type, scale of its quantities
JOBS = [
    ("j-501", "26-014", "Harmony Elementary School Addition", None, "lump_sum", Decimal("1")),
    ("j-502", "26-021", "Larkspur Medical Office Building", BUILDERS, "gmp", Decimal("1.6")),
    ("j-503", "26-107", "Coal Creek Bridge and Roadway", CIVIL, "unit_price", Decimal("1")),
]

CUSTOMERS = {
    "26-014": ("c-301", "Harmony School District R-4", "facilities@harmonysd.example", None),
    "26-021": ("c-302", "Larkspur Health Partners", "projects@larkspurhealth.example",
               "84-6620915"),
    "26-107": ("c-303", "Coal Creek County Public Works", "roads@coalcreek.example", None),
}
PROJECT_MANAGERS = {
    "26-014": ("u-11", "Dana Whitfield"),
    "26-021": ("u-12", "Marcus Oyelaran"),
    "26-107": ("u-13", "Lena Brandt"),
}
ADDRESSES = {
    "26-014": ("410 Harmony Road", "Fort Collins", "80525"),
    "26-021": ("7200 Larkspur Parkway", "Lone Tree", "80124"),
    "26-107": ("County Road 54 at Coal Creek", "Erie", "80516"),
}
