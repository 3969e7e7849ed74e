"""What the sample contractor buys for its jobs, as packages with usual quantities and prices.

A line is (cost code, cost type, description, quantity, unit, unit cost) for work priced by
quantity, or (cost code, cost type, description, amount) for a lump sum; US dollars.
"""

# fmt: off
PO, SUB, RENT, SERVICE = "purchase_order", "subcontract", "rental", "service"

#: kind, vendor, title, lines; bought once for each of the two buildings
BUILDING = [
    (PO, "v-2001", "Ready-mix concrete, foundations", [
        ("03-3000", "M", "4000 psi concrete, footings", "180", "cy", "162.50"),
        ("03-3000", "M", "4500 psi concrete, slab on grade", "240", "cy", "171.25"),
        ("03-3000", "M", "Short load and winter service", "12", "ea", "145.00"),
    ]),
    (PO, "v-2002", "Reinforcing steel, fabricated", [
        ("03-2000", "M", "Grade 60 bars, cut and bent", "22.5", "ton", "1685.00"),
        ("03-2000", "M", "Wire mesh for slabs", "14200", "sf", "0.4125"),
    ]),
    (PO, "v-2003", "Forming lumber and plywood", [
        ("03-1000", "M", "Form plywood, 3/4 inch", "9600", "sf", "2.185"),
        ("03-1000", "M", "Form ties and accessories", "4800.00"),
    ]),
    (PO, "v-2003", "Rough carpentry materials", [
        ("06-1000", "M", "Studs, plates and blocking", "11800", "lf", "1.2475"),
        ("06-1000", "M", "Roof sheathing", "15400", "sf", "1.38"),
        ("06-1000", "M", "Fasteners and connectors", "3650.00"),
    ]),
    (RENT, "v-2004", "Rough-terrain forklift", [
        ("01-5400", "R", "10,000 lb telehandler", "5", "mo", "3950.00"),
        ("01-5400", "R", "Delivery and pickup", "2", "ea", "425.00"),
    ]),
    (RENT, "v-2004", "Site office and fencing", [
        ("01-5000", "R", "Office trailer, 12 x 60", "10", "mo", "875.00"),
        ("01-5000", "R", "Chain-link panels", "1350", "lf", "4.65"),
    ]),
    (SUB, "v-2005", "Structural steel, furnish and erect", [
        ("05-1200", "S", "Columns and beams", "342000.00"),
        ("05-3000", "S", "Roof and floor deck", "96500.00"),
        ("05-5000", "S", "Stairs, rails and lintels", "58200.00"),
    ]),
    (SUB, "v-2006", "Masonry", [
        ("04-2000", "S", "Concrete block walls", "148000.00"),
        ("04-2000", "S", "Face brick veneer", "112500.00"),
        ("07-2100", "S", "Cavity insulation", "18750.00"),
    ]),
    (SUB, "v-2010", "Roofing and sheet metal", [
        ("07-5000", "S", "Single-ply membrane and insulation", "214000.00"),
        ("07-5000", "S", "Edge metal and flashing", "31800.00"),
        ("07-5000", "S", "Deduct: alternate 2, standard colors", "-6500.00"),
    ]),
    (SUB, "v-2007", "Plumbing", [
        ("22-1000", "S", "Underground and rough-in", "168000.00"),
        ("22-4000", "S", "Fixtures and trim", "74500.00"),
    ]),
    (SUB, "v-2007", "Heating, ventilation and air conditioning", [
        ("23-3000", "S", "Ductwork and diffusers", "236000.00"),
        ("23-7000", "S", "Rooftop units", "189000.00"),
        ("23-7000", "S", "Controls and balancing", "64200.00"),
    ]),
    (SUB, "v-2007", "Fire sprinklers", [
        ("21-1000", "S", "Design, mains and heads", "88400.00"),
    ]),
    (SUB, "v-2008", "Electrical", [
        ("26-0500", "S", "Service, feeders and rough-in", "318000.00"),
        ("26-5000", "S", "Lighting and controls", "142000.00"),
    ]),
    (SUB, "v-2009", "Drywall and ceilings", [
        ("09-2000", "S", "Framing and gypsum board", "264000.00"),
        ("09-5100", "S", "Acoustical ceilings", "71800.00"),
    ]),
    (SUB, "v-2009", "Flooring and painting", [
        ("09-6500", "S", "Resilient flooring and base", "58900.00"),
        ("09-9000", "S", "Interior painting", "66300.00"),
    ]),
    (PO, "v-2003", "Doors, frames and hardware", [
        ("08-1000", "M", "Hollow metal doors and frames", "64", "ea", "612.00"),
        ("08-7100", "M", "Hardware sets", "64", "ea", "388.75"),
    ]),
    (SERVICE, "v-2012", "Materials testing", [
        ("01-4500", "O", "Concrete cylinders and inspections", "21400.00"),
    ]),
    (PO, "v-2003", "Casework and woodwork", [
        ("06-4000", "M", "Base and wall cabinets", "310", "lf", "284.50"),
        ("06-4000", "M", "Solid-surface counters", "290", "lf", "118.40"),
        ("10-2800", "M", "Toilet accessories", "26", "ea", "96.35"),
    ]),
]

#: bought for the civil job
ROADWAY = [
    (SUB, "v-2011", "Clearing and mass grading", [
        ("31-1000", "S", "Clear and grub", "48500.00"),
        ("31-2000", "S", "Excavation and embankment", "286000.00"),
    ]),
    (SUB, "v-2011", "Drilled piers at abutments", [
        ("31-6000", "S", "Piers, 36 inch", "173000.00"),
    ]),
    (PO, "v-2001", "Bridge deck concrete", [
        ("03-3000", "M", "Class D deck concrete", "410", "cy", "198.75"),
        ("03-3000", "M", "Pump time", "38", "hr", "215.00"),
    ]),
    (PO, "v-2002", "Epoxy-coated reinforcing", [
        ("03-2000", "M", "Epoxy-coated bars", "61.25", "ton", "2140.00"),
    ]),
    (SUB, "v-2005", "Bridge girders, erect", [
        ("05-1200", "S", "Plate girders", "412000.00"),
        ("34-8000", "S", "Bearings and joints", "86500.00"),
    ]),
    (PO, "v-2011", "Road base and asphalt", [
        ("32-1100", "M", "Class 6 base course", "5200", "ton", "24.375"),
        ("32-1200", "M", "Hot-mix asphalt", "2900", "ton", "97.1875"),
    ]),
    (SUB, "v-2006", "Curbs, walks and barriers", [
        ("32-1600", "S", "Curb and gutter", "94600.00"),
        ("34-7100", "S", "Concrete barrier", "128000.00"),
    ]),
    (PO, "v-2002", "Storm pipe and structures", [
        ("33-4000", "M", "24 inch reinforced concrete pipe", "1180", "lf", "68.40"),
        ("33-4000", "M", "Inlets and manholes", "17", "ea", "3275.00"),
    ]),
    (SUB, "v-2008", "Traffic signals", [
        ("34-4100", "S", "Poles, heads and controller", "164000.00"),
    ]),
    (RENT, "v-2004", "Crane and compaction", [
        ("01-5400", "R", "110-ton crane, operated", "6", "wk", "11850.00"),
        ("31-2000", "R", "Padfoot roller", "3", "mo", "5240.00"),
    ]),
]

#: budget lines of a job that nobody buys: (cost code, cost type, description, amount, reserve)
OWN_WORK = [
    ("01-3100", "L", "Project management and supervision", "212000.00", None),
    ("01-3100", "B", "Burden on supervision", "78440.00", None),
    ("01-7400", "L", "Daily cleanup", "31500.00", None),
    ("03-3000", "L", "Place and finish concrete", "94200.00", None),
    ("03-3000", "B", "Burden on concrete labor", "34854.00", None),
    ("03-3000", "E", "Own pump and finishing machines", "18600.00", None),
    ("01-5000", "OH", "Site utilities and insurance", "42750.00", None),
    ("01-9000", "O", "Contingency", "150000.00", "contingency"),
]
